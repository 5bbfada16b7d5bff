'use strict';
const data =
DATA;
function bytes(text) {
  const from = atob(text), to = new Uint8Array(from.length);
  for (let i = 0; i < from.length; i++) to[i] = from.charCodeAt(i);
  return to.buffer;
}
const xy = new Float32Array(bytes(data.xy));
const vectors = new Int16Array(bytes(data.vectors));
const n = data.titles.length, width = data.width;
const lower = data.titles.map(t => t.toLowerCase());
const colors = getComputedStyle(document.documentElement);
const color = name => colors.getPropertyValue('--' + name).trim() ;
const PALETTE = Array.from({ length: 10 }, (_, i) => color('series-' + (i + 1)));
const GRAY = color('other');
const STOPS = Array.from({ length: 5 }, (_, i) => [1, 3, 5].map(at =>
  parseInt(color('stop-' + (i + 1)).substr(at, 2), 16)));
const element = id => document.getElementById(id);
const canvas = element('map');
const pen = canvas.getContext('2d');
const state = { scale: 1, x: 0, y: 0, selected: -1, near: [], found: null, matches: 0,
  colors: new Array(n).fill(PALETTE[0]), order: Array.from({ length: n }, (_, i) => i) };

/* --- the view: pixel = coordinate * scale + offset, y upwards --- */
function size() {
  const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [Math.max(1, box.width), Math.max(1, box.height)];
}
function fit() {
  const [w, h] = size();
  let a = Infinity, b = -Infinity, c = Infinity, d = -Infinity;
  for (let i = 0; i < n; i++) {
    a = Math.min(a, xy[2 * i]); b = Math.max(b, xy[2 * i]);
    c = Math.min(c, xy[2 * i + 1]); d = Math.max(d, xy[2 * i + 1]);
  }
  if (n === 0) return;
  state.scale = 0.92 * Math.min(w / Math.max(b - a, 1e-9), h / Math.max(d - c, 1e-9));
  state.x = w / 2 - (a + b) / 2 * state.scale;
  state.y = h / 2 + (c + d) / 2 * state.scale;
}
const px = i => xy[2 * i] * state.scale + state.x;
const py = i => -xy[2 * i + 1] * state.scale + state.y;
function zoomAt(x, y, factor) {
  state.x = x - (x - state.x) * factor;
  state.y = y - (y - state.y) * factor;
  state.scale *= factor;
  redraw();
}
/* Moves the map, when it must, so that the point is in sight. */
function bringIn(i) {
  const box = canvas.getBoundingClientRect(), x = px(i), y = py(i);
  if (x >= 0 && y >= 0 && x < box.width && y < box.height) return;
  state.x += box.width / 2 - x;
  state.y += box.height / 2 - y;
}
function pick(x, y) {
  let best = -1, least = 100;
  for (let i = 0; i < n; i++) {
    const dx = px(i) - x, dy = py(i) - y, d = dx * dx + dy * dy;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

/* --- drawing --- */
let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}
function label(i, strong) {
  pen.font = (strong ? 'bold ' : '') + '12px system-ui, sans-serif';
  pen.lineWidth = 3;
  pen.strokeStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillStyle = getComputedStyle(document.body).color;
  pen.strokeText(data.titles[i], px(i) + 7, py(i) + 4);
  pen.fillText(data.titles[i], px(i) + 7, py(i) + 4);
}
function ring(i, r, color) {
  pen.beginPath();
  pen.arc(px(i), py(i), r, 0, 2 * Math.PI);
  pen.lineWidth = 2;
  pen.strokeStyle = color;
  pen.stroke();
}
/* '#rrggbb' or 'rgb(r,g,b)' as the bytes of a pixel, opacity apart */
const packed = new Map();
function pack(color) {
  if (!packed.has(color)) {
    const [r, g, b] = color[0] === '#' ? [1, 3, 5].map(i => parseInt(color.substr(i, 2), 16))
      : color.match(/[0-9]+/g).map(Number);
    packed.set(color, b << 16 | g << 8 | r);
  }
  return packed.get(color);
}
/* Points are written as pixels: tens of thousands of rectangles take ten times as
   long where no graphics card helps. They grow as fewer of them are in sight. */
function draw() {
  const box = canvas.getBoundingClientRect(), w = box.width, h = box.height;
  const W = canvas.width, H = canvas.height, ratio = W / Math.max(1, w);
  const image = pen.createImageData(W, H), pixels = new Uint32Array(image.data.buffer);
  let inside = 0;
  for (let i = 0; i < n; i++) {
    const x = px(i), y = py(i);
    if (x >= 0 && y >= 0 && x < w && y < h) inside++;
  }
  const r = Math.max(1, Math.min(4, 200 / Math.sqrt(inside + 1)));
  const side = Math.max(2, Math.round(2 * r * ratio));
  const shown = [];
  for (const dim of state.found ? [true, false] : [false]) {
    const opacity = dim ? 0x1f000000 : 0xd9000000;
    for (const i of state.order) {
      if (state.found && (state.found[i] === 0) !== dim) continue;
      const left = Math.round((px(i) - r) * ratio), top = Math.round((py(i) - r) * ratio);
      if (left <= -side || top <= -side || left >= W || top >= H) continue;
      const pixel = (pack(state.colors[i]) | opacity) >>> 0;
      const x0 = Math.max(left, 0), x1 = Math.min(left + side, W);
      for (let y = Math.max(top, 0), end = Math.min(top + side, H); y < end; y++)
        for (let x = x0; x < x1; x++) pixels[y * W + x] = pixel;
      if (!dim && shown.length < 61) shown.push(i);
    }
  }
  pen.putImageData(image, 0, 0);
  const near = state.near.map(([i]) => i);
  const labels = new Set(shown.length <= 60 ? [...shown, ...near] : near);
  labels.delete(state.selected);
  near.forEach(i => ring(i, r + 3, color('mark')));
  labels.forEach(i => label(i, false));
  if (state.selected >= 0) {
    ring(state.selected, r + 6, color('mark'));
    label(state.selected, true);
  }
}
/* --- neighbors: the cosine of the vectors --- */
function nearest(i, k) {
  const best = [];
  for (let j = 0; j < n; j++) {
    if (j === i) continue;
    let dot = 0;
    for (let f = 0, a = i * width, b = j * width; f < width; f++)
      dot += vectors[a + f] * vectors[b + f];
    if (best.length < k || dot > best[best.length - 1][1]) {
      let at = best.length;
      while (at > 0 && best[at - 1][1] < dot) at--;
      best.splice(at, 0, [j, dot]);
      if (best.length > k) best.pop();
    }
  }
  return best.map(([j, dot]) => [j, dot / 32767 / 32767]);
}
function list(where, title, rows) {
  const box = element(where);
  box.replaceChildren();
  if (title === '') return;
  const head = document.createElement('h2'), ul = document.createElement('ol');
  head.textContent = title;
  for (const [i, note] of rows) {
    const li = document.createElement('li'), button = document.createElement('button');
    const name = document.createElement('span'), score = document.createElement('span');
    name.textContent = data.titles[i];
    score.textContent = note;
    score.className = 'score';
    button.append(name, score);
    button.addEventListener('click', () => { bringIn(i); select(i); });
    li.append(button);
    ul.append(li);
  }
  box.append(head, ul);
}
function select(i) {
  state.selected = i;
  state.near = i < 0 ? [] : nearest(i, 10);
  list('near', i < 0 ? '' : 'Nearest to ' + data.titles[i],
    state.near.map(([j, c]) => [j, c.toFixed(3)]));
  redraw();
}

/* --- search and color --- */
function search(text) {
  const wanted = text.trim().toLowerCase();
  state.found = null;
  state.matches = 0;
  if (wanted === '') { list('found', '', []); redraw(); return; }
  state.found = new Uint8Array(n);
  const first = [];
  for (let i = 0; i < n; i++) {
    if (!lower[i].includes(wanted)) continue;
    state.found[i] = 1;
    if (state.matches++ < 20) first.push([i, '']);
  }
  list('found', state.matches + ' found', first);
  redraw();
}
function gradient(share) {
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  const mix = c => Math.round(STOPS[i][c] + (STOPS[i + 1][c] - STOPS[i][c]) * (at - i));
  return 'rgb(' + mix(0) + ',' + mix(1) + ',' + mix(2) + ')';
}
function legend(rows) {
  element('legend').replaceChildren(...rows.map(([color, name, count]) => {
    const li = document.createElement('li'), swatch = document.createElement('span');
    swatch.className = 'swatch';
    swatch.style.background = color;
    li.append(swatch, name + (count === '' ? '' : ' (' + count + ')'));
    return li;
  }));
}
function colorBy(column) {
  const values = column < 0 ? null : data.columns[column].values;
  if (!values) {
    state.colors.fill(PALETTE[0]);
    legend([]);
  } else {
    const counts = new Map();
    for (const v of values) counts.set(v, (counts.get(v) || 0) + 1);
    const numbers = values.filter(v => v !== '').map(Number);
    if (counts.size > 12 && numbers.length > 0 && numbers.every(Number.isFinite)) {
      const sorted = Float64Array.from(numbers).sort();
      const low = sorted[Math.floor(0.01 * (sorted.length - 1))];
      const high = sorted[Math.ceil(0.99 * (sorted.length - 1))];
      values.forEach((v, i) => {
        const share = (Number(v) - low) / Math.max(high - low, 1e-9);
        state.colors[i] = v === '' ? GRAY : gradient(share);
      });
      const tick = s => String(+(low + s * (high - low)).toPrecision(4));
      legend([0, 0.25, 0.5, 0.75, 1].map(s => [gradient(s), tick(s), '']));
    } else {
      const names = [...counts.keys()];
      names.sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
      const colorOf = new Map(names.slice(0, PALETTE.length).map((v, i) => [v, PALETTE[i]]));
      values.forEach((v, i) => { state.colors[i] = colorOf.get(v) || GRAY; });
      const rows = names.slice(0, PALETTE.length).map(v =>
        [colorOf.get(v), v === '' ? '(none)' : v, counts.get(v)]);
      const others = names.slice(PALETTE.length).reduce((sum, v) =>
        sum + counts.get(v), 0);
      if (others > 0) rows.push([GRAY, 'others', others]);
      legend(rows);
    }
  }
  const c = state.colors;
  state.order.sort((a, b) => c[a] < c[b] ? -1 : c[a] > c[b] ? 1 : a - b);
  redraw();
}

/* --- events --- */
const menu = element('color');
const choices = [['-1', 'nothing'], ...data.columns.map((c, i) => [String(i), c.name])];
choices.forEach(([value, name]) => {
  const option = document.createElement('option');
  option.value = value;
  option.textContent = name;
  menu.append(option);
});
menu.value = String(data.color);
menu.addEventListener('change', () => colorBy(Number(menu.value)));
element('search').addEventListener('input', event => search(event.target.value));
canvas.addEventListener('wheel', event => {
  event.preventDefault();
  zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY * 0.0015));
}, { passive: false });
let drag = null;
canvas.addEventListener('pointerdown', event => {
  drag = { x: event.offsetX, y: event.offsetY, moved: 0 };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener('pointermove', event => {
  if (!drag) {
    const i = pick(event.offsetX, event.offsetY);
    canvas.title = i < 0 ? '' : data.titles[i];
    return;
  }
  const dx = event.offsetX - drag.x, dy = event.offsetY - drag.y;
  state.x += dx;
  state.y += dy;
  const moved = drag.moved + Math.abs(dx) + Math.abs(dy);
  drag = { x: event.offsetX, y: event.offsetY, moved };
  redraw();
});
canvas.addEventListener('pointerup', event => {
  if (drag && drag.moved < 4) select(pick(event.offsetX, event.offsetY));
  drag = null;
});
canvas.addEventListener('dblclick', () => { fit(); redraw(); });
window.addEventListener('resize', () => { size(); redraw(); });
fit();
colorBy(data.color);
