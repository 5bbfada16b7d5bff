'use strict';
/* Search, colors, filter, selection, keys: after page.js. */

/* --- which points are shown --- */
function remask() {
  const parts = [state.found, state.filter, state.brushed].filter(Boolean);
  state.mask = parts.length === 0 ? null : Uint8Array.from({ length: n }, (_, i) => parts.every(p => p[i]) ? 1 : 0);
  const count = state.mask ? state.mask.reduce((a, b) => a + b, 0) : n;
  element('shown').textContent = count === n ? n.toLocaleString('en-US') + ' points'
    : count.toLocaleString('en-US') + ' of ' + n.toLocaleString('en-US') + ' points';
  arrange();
  return count;
}
function first(mask, count) {
  const rows = [];
  for (let i = 0; i < n && rows.length < count; i++) if (mask[i]) rows.push([i, '']);
  return rows;
}
let lowered = null;
function lowerAll() {
  lowered = {
    titles: data.titles.map(t => t.toLowerCase()), ids: data.ids ? data.ids.map(t => t.toLowerCase()) : null,
    columns: columns.filter(c => !c.title).map(c => ({ at: c.at, values: c.values.map(v => v.toLowerCase()) }))
  };
}
/* Of the points of `among`, those with a cell that has the text. */
function having(text, among) {
  const hits = lowered.columns.map(c => ({ at: c.at, hit: c.values.map(v => v.includes(text)) }));
  return among.map((on, i) => on && (lowered.titles[i].includes(text) || (lowered.ids && lowered.ids[i].includes(text))
    || hits.some(h => h.hit[h.at[i]])) ? 1 : 0);
}
/* A point is found if one of its cells has the text; if none has, if each word is in one. */
function search(text) {
  const wanted = text.trim().toLowerCase(), all = new Uint8Array(n).fill(1);
  state.found = null;
  state.matches = 0;
  if (wanted === '') {
    list('found', '', []);
    remask();
    return;
  }
  if (!lowered) lowerAll();
  state.found = having(wanted, all);
  if (!state.found.includes(1)) state.found = wanted.split(/\s+/).reduce((among, word) => having(word, among), all);
  /* those whose title has it first */
  const best = state.found.map((f, i) => f && lowered.titles[i].includes(wanted) ? 1 : 0);
  const rows = first(best, 20), rest = state.found.map((f, i) => f && !best[i] ? 1 : 0);
  state.matches = state.found.reduce((a, b) => a + b, 0);
  list('found', state.matches.toLocaleString('en-US') + ' found', rows.concat(first(rest, 20 - rows.length)));
  remask();
}
/* Points whose cell has the value as one of its parts; of numbers also from..to. */
function filterBy(number, text) {
  const column = columns[number], range = /^\s*(-?[0-9.]+)?\s*\.\.\s*(-?[0-9.]+)?\s*$/.exec(text);
  state.filter = null;
  if (column && text !== '') {
    let good;
    if (range && column.numeric) {
      const low = range[1] === undefined ? -Infinity : Number(range[1]), high = range[2] === undefined ? Infinity : Number(range[2]);
      good = v => v !== '' && Number(v) >= low && Number(v) <= high;
    } else {
      const wanted = text.toLowerCase(), whole = !column.title && column.parts.some(p => p.toLowerCase() === wanted);
      good = v => whole ? v.split('|').some(x => x.trim().toLowerCase() === wanted) : v.toLowerCase().includes(wanted);
    }
    if (column.title) state.filter = Uint8Array.from(data.titles, t => good(t) ? 1 : 0);
    else {
      const hit = column.values.map(good);
      state.filter = Uint8Array.from({ length: n }, (_, i) => hit[column.at[i]] ? 1 : 0);
    }
  }
  element('column').value = String(number);
  element('value').value = text;
  for (const button of document.querySelectorAll('#legend button'))
    button.setAttribute('aria-pressed', String(state.filter !== null && number === state.color && button.dataset.value === text));
  remask();
}
function offerValues() {
  const column = columns[Number(element('column').value)];
  element('values').replaceChildren(...(!column || column.title || column.numeric ? [] : frequent(column).slice(0, 50).map(([part]) => {
    const option = make('option');
    option.value = column.parts[part];
    return option;
  })));
}
/* Parts of a column with their number of points, the most frequent first. */
function frequent(column, mask) {
  const counts = new Float64Array(column.parts.length);
  for (let i = 0; i < n; i++) if (!mask || mask[i]) for (const part of column.partsOf(i)) counts[part]++;
  return Array.from(counts, (count, part) => [part, count]).filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1] || (column.parts[a[0]] < column.parts[b[0]] ? -1 : 1));
}

/* --- colors --- */
function legend(rows) {
  element('legend').replaceChildren(...rows.map(([shade, name, count, value]) => {
    const li = make('li'), button = make('button'), swatch = make('span', 'swatch');
    button.type = 'button';
    swatch.style.background = shade;
    button.append(swatch, make('span', 'name', name), make('span', 'count', count));
    button.setAttribute('aria-pressed', 'false');
    if (value === undefined) button.disabled = true;
    else {
      button.dataset.value = value;
      button.addEventListener('click', () =>
        filterBy(state.color, button.getAttribute('aria-pressed') === 'true' ? '' : value));
    }
    li.append(button);
    return li;
  }));
}
function paint(i, shade, gray) {
  state.shades.set(shade, 4 * i);
  state.gray[i] = gray ? 1 : 0;
}
function colorByNumber(column) {
  const sorted = Float64Array.from(column.values.filter(v => v !== ''), Number).sort();
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))], high = sorted[Math.ceil(0.99 * (sorted.length - 1))];
  const gray = rgb(GRAY), shades = column.values.map(v => v === '' ? null : gradient((Number(v) - low) / Math.max(high - low, 1e-9)));
  for (let i = 0; i < n; i++) paint(i, shades[column.at[i]] || gray, !shades[column.at[i]]);
  const tick = s => String(+(low + s * (high - low)).toPrecision(4));
  legend([0, 0.25, 0.5, 0.75, 1].map((s, k) => [css(gradient(s)), tick(s), '', k < 4 ? tick(s) + '..' + tick(s + 0.25) : undefined]));
}
/* The ten most frequent values; a point of several values has the color of its first one
   that has a color. */
function colorByValue(column) {
  const all = frequent(column), common = all.filter(([part]) => column.parts[part] !== ''), shade = new Map(common.slice(0, 10).map(([part], k) => [part, rgb(PALETTE[k])]));
  const gray = rgb(GRAY), of = column.of.map(parts => shade.get(parts.find(p => shade.has(p))) || null);
  const none = column.values.map(v => v === '' ? 1 : 0);
  let others = 0, empty = 0;
  for (let i = 0; i < n; i++) {
    const mine = of[column.at[i]];
    if (none[column.at[i]]) empty++;
    else others += mine ? 0 : 1;
    paint(i, mine || gray, !mine);
  }
  const rows = common.slice(0, 10).map(([part, count], k) =>
    [PALETTE[k], column.parts[part], count.toLocaleString('en-US'), column.parts[part]]);
  if (others > 0) rows.push([GRAY, 'others', others.toLocaleString('en-US')]);
  if (empty > 0) rows.push([GRAY, '(none)', empty.toLocaleString('en-US')]);
  legend(rows);
}
function colorBy(number) {
  const column = columns[number];
  state.color = number;
  if (!column || column.title) {
    for (let i = 0; i < n; i++) paint(i, rgb(PALETTE[0]), false);
    legend([]);
  } else if (column.numeric && column.parts.length > 12) colorByNumber(column);
  else colorByValue(column);
  nameClusters();
  remask();
}

/* --- an area --- */
function selectArea(x0, y0, x1, y1) {
  state.brushed = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const x = px(i), y = py(i);
    if (x >= Math.min(x0, x1) && x <= Math.max(x0, x1) && y >= Math.min(y0, y1) && y <= Math.max(y0, y1)) state.brushed[i] = 1;
  }
  const count = remask(), box = element('selection');
  list('selection', count.toLocaleString('en-US') + ' points of the area', first(state.mask, 10));
  const column = columns.find(c => c.number === state.color && !c.title && !c.numeric) || columns.find(c => !c.title && !c.numeric && c !== artist);
  if (column && count > 0)
    box.querySelector('h2').after(make('p', 'count', column.name + ': ' + frequent(column, state.mask).slice(0, 5)
      .map(([part, times]) => (column.parts[part] || '(none)') + ' ' + Math.round(100 * times / count) + ' %').join(', ')));
  const clear = make('button', '', 'Show all points again');
  clear.type = 'button';
  clear.id = 'clear';
  clear.addEventListener('click', clearArea);
  box.append(clear);
}
function clearArea() {
  state.brushed = null;
  list('selection', '', []);
  remask();
}

/* --- how true map and neighbors are --- */
function tellTruth() {
  const percent = share => (100 * share).toFixed(share < 0.995 && share >= 0.0005 ? 1 : 0) + ' %';
  if (n <= K + 1) return;
  element('truth').textContent = `Of the ${K} points that are nearest by cosine, this map has ${percent(data.recall)} among the ` +
    `${K} nearest on the screen: trust the list of neighbors, not small distances. That list ` +
    (data.found === null ? 'is exact.' : `has ${percent(data.found)} of the nearest.`);
}

/* --- events --- */
function options(menu, rows) {
  menu.replaceChildren(...rows.map(([value, name]) => {
    const option = make('option', '', name);
    option.value = value;
    return option;
  }));
}
const named = columns.map(c => [String(c.number), c.name]);
options(element('color'), [['-1', 'nothing'], ...named.filter(([c]) => !columns[c].title)]);
options(element('column'), [['-1', 'any points'], ...named]);
element('color').value = String(data.color);
element('color').addEventListener('change', event => {
  if (state.filter && Number(element('column').value) === state.color) filterBy(-1, '');
  colorBy(Number(event.target.value));
});
element('search').addEventListener('input', event => search(event.target.value));
element('column').addEventListener('change', () => { offerValues(); filterBy(Number(element('column').value), ''); });
element('value').addEventListener('input', () => filterBy(Number(element('column').value), element('value').value));
for (const id of ['density', 'names']) element(id).addEventListener('change', redraw);
element('closer').addEventListener('click', () => zoomAt(W / 2, H / 2, 1.5));
element('farther').addEventListener('click', () => zoomAt(W / 2, H / 2, 1 / 1.5));
element('all').addEventListener('click', () => { fit(); redraw(); });
element('brush').addEventListener('click', event => {
  const on = event.target.getAttribute('aria-pressed') !== 'true';
  event.target.setAttribute('aria-pressed', String(on));
});
/* Where the pointer is in the view, also while the canvas is moved in it. */
const place = event => [event.offsetX + state.shift[0], event.offsetY + state.shift[1]];
canvas.addEventListener('wheel', event => {
  event.preventDefault();
  zoomAt(...place(event), Math.exp(-event.deltaY * 0.0015));
}, { passive: false });
var drag = null; // page.js looks at it, also before this line has run
const fingers = new Map();
canvas.addEventListener('pointerdown', event => {
  const [x, y] = place(event);
  fingers.set(event.pointerId, [x, y]);
  const brush = event.shiftKey || element('brush').getAttribute('aria-pressed') === 'true';
  drag = { x, y, from: [x, y], moved: 0, brush };
  canvas.setPointerCapture(event.pointerId);
  element('tip').hidden = true;
});
function pinch(event) {
  const [a, b] = [...fingers.values()], before = Math.hypot(a[0] - b[0], a[1] - b[1]);
  fingers.set(event.pointerId, place(event));
  const [c, d] = [...fingers.values()], now = Math.hypot(c[0] - d[0], c[1] - d[1]);
  zoomAt((c[0] + d[0]) / 2, (c[1] + d[1]) / 2, now / Math.max(before, 1));
}
let hovering = false;
function hover(x, y) {
  const i = pick(x, y), tip = element('tip');
  tip.hidden = i < 0;
  if (i < 0) return;
  tip.textContent = fullName(i) + columns.filter(c => !c.title && c !== artist && c.value(i) !== '').slice(0, 4)
    .map(c => '\n' + c.name + ': ' + c.value(i).replaceAll('|', ', ')).join('');
  tip.style.left = Math.max(4, Math.min(x + 14, W - tip.offsetWidth - 6)) + 'px';
  tip.style.top = Math.max(4, Math.min(y + 16, H - tip.offsetHeight - 6)) + 'px';
}
canvas.addEventListener('pointermove', event => {
  if (!drag) {
    if (!hovering) requestAnimationFrame(() => { hovering = false; hover(...place(event)); });
    hovering = true;
    return;
  }
  if (fingers.size === 2) { drag.moved = 99; pinch(event); return; }
  const [x, y] = place(event), dx = x - drag.x, dy = y - drag.y;
  drag = { ...drag, x, y, moved: drag.moved + Math.abs(dx) + Math.abs(dy) };
  if (drag.brush) redraw();
  else move(dx, dy);
});
canvas.addEventListener('pointerleave', () => { element('tip').hidden = true; });
function endDrag(event) {
  fingers.delete(event.pointerId);
  const was = drag;
  drag = null;
  if (!was || event.type === 'pointercancel') return;
  if (was.moved < 4) select(pick(...place(event)));
  else if (was.brush) selectArea(...was.from, ...place(event));
  redraw();
}
canvas.addEventListener('pointerup', endDrag);
canvas.addEventListener('pointercancel', endDrag);
canvas.addEventListener('dblclick', () => { fit(); redraw(); });
canvas.addEventListener('keydown', event => {
  const step = 60, act = {
    ArrowLeft: () => move(step, 0), ArrowRight: () => move(-step, 0), ArrowUp: () => move(0, step), ArrowDown: () => move(0, -step),
    '+': () => zoomAt(W / 2, H / 2, 1.25), '=': () => zoomAt(W / 2, H / 2, 1.25), '-': () => zoomAt(W / 2, H / 2, 0.8),
    0: () => { fit(); redraw(); }, Enter: () => select(pick(W / 2, H / 2, Infinity)),
    Escape: () => { select(-1); if (state.brushed) clearArea(); }
  }[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
window.addEventListener('resize', () => { size(); redraw(); });
if (window.matchMedia) matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColors(); colorBy(state.color); });
tellTruth();
fitMost();
colorBy(data.color);
