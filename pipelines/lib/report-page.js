'use strict';
/* Draws the figures of report-experiment's page from the data in it, sorts its tables and
   shows figures on hover. Every text is set as text, never as HTML. */
const experiments = JSON.parse(document.getElementById('data').textContent);
const SVG = 'http://www.w3.org/2000/svg';
const [ARM, METRIC, SEGMENT, PERCENT, LOW, HIGH, EFFECT, EFFECT_LOW, EFFECT_HIGH, SIGNIFICANT, CHANCE, CONTROL, TREATED] =
  Array(13).keys();

function shape(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}
function signed(x, digits) {
  if (x === null) return '–';
  const size = Math.abs(x), text = size >= 1000 ? Math.round(size).toLocaleString('en-US')
    : size >= 100 ? size.toFixed(0) : size.toFixed(digits);
  return (Number(text) === 0 ? '' : x < 0 ? '−' : '+') + text; /* what rounds to zero has no sign */
}
function plain(x) {
  return x === null ? '–' : String(+x.toPrecision(4));
}
let panelWidth = 0; /* of a drawing in it */
/* A panel: a figure with a heading and a drawing of the container's width. */
function panel(box, title, note) {
  const figure = document.createElement('figure'), head = document.createElement('h4');
  figure.className = 'panel';
  head.textContent = title;
  figure.append(head);
  if (note) {
    const p = document.createElement('p');
    p.className = 'note';
    p.textContent = note;
    figure.append(p);
  }
  box.append(figure);
  return figure;
}
function drawing(figure, width, height, what) {
  const svg = shape(figure, 'svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', tabindex: 0 });
  svg.setAttribute('aria-label', what);
  return svg;
}
/* Round numbers, about `count` of them, from `low` to `high`. */
function ticks(low, high, count) {
  const rough = (high - low) / count, power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map(x => x * power).find(x => x >= rough), list = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) list.push(+(i * step).toPrecision(12));
  return list;
}
const tickText = (tick, mark) => String(tick).replace('-', '−') + mark;
let ruler = null;
const widths = new Map();
function widthOf(text) {
  if (!widths.has(text)) widths.set(text, measure(text));
  return widths.get(text);
}
function measure(text) {
  if (!ruler) {
    ruler = document.createElement('canvas').getContext('2d');
    ruler.font = '12px ' + getComputedStyle(document.body).fontFamily;
  }
  return ruler.measureText(text).width;
}
/* The beginning of a text that fits. */
function cut(text, width) {
  if (widthOf(text) <= width) return text;
  let letters = Array.from(text);
  while (letters.length > 1 && widthOf(letters.join('') + '…') > width)
    letters = letters.slice(0, Math.min(letters.length - 1, Math.ceil(letters.length * 0.9)));
  return letters.join('') + '…';
}
const unitOf = metric => metric.unit ? ', ' + metric.unit : '';
function columnsOf(row) {
  return row[LOW] !== null && row[PERCENT] !== null ? [PERCENT, LOW, HIGH] : [EFFECT, EFFECT_LOW, EFFECT_HIGH];
}
/* What the row says, as people read it. */
function told(experiment, row) {
  const metric = experiment.metrics[row[METRIC]], [at, low, high] = columnsOf(row);
  const mark = at === PERCENT ? ' %' : '';
  return `${experiment.arms[row[ARM]].label}, ${metric.label}${row[SEGMENT] ? ', ' + row[SEGMENT] : ''}\n` +
    `effect ${signed(row[at], 2)}${mark} (${signed(row[low], 2)} to ${signed(row[high], 2)})\n` +
    `control ${plain(row[CONTROL])}, arm ${plain(row[TREATED])}${metric.unit ? ' ' + metric.unit : ''}\n` +
    `adjusted p = ${row[CHANCE] === null ? '–' : row[CHANCE] < 1e-300 ? '0' : row[CHANCE].toPrecision(2)}`;
}
function classOf(experiment, row) {
  if (!row[SIGNIFICANT] || experiment.doubtful) return 'none';
  return (row[EFFECT] > 0) !== experiment.metrics[row[METRIC]].lower ? 'good' : 'bad';
}

/* One forest: the rows one below the other, each with its point, bar and figures; a name that is
   long stands above them. */
function forest(experiment, box, title, note, rows, nameOf) {
  const figure = panel(box, title, note), width = panelWidth;
  const [at, low, high] = columnsOf(rows.find(row => row[LOW] !== null) || rows[0]);
  const percent = at === PERCENT;
  const figures = rows.map(row => row[low] === null ? 'no result' :
    `${signed(row[at], 1)}${percent ? ' %' : ''} (${signed(row[low], 1)}, ${signed(row[high], 1)})`);
  const right = width - Math.max(...figures.map(widthOf)) - 4;
  const widest = Math.max(...rows.map(row => widthOf(nameOf(row)))) + 10, above = widest > Math.max(right * 0.4, 60);
  const left = above ? 12 : widest, down = above ? 9 : 0;
  const step = above ? 44 : 26, top = 4, height = top + step * rows.length + 22;
  let a = 0, b = 0;
  for (const row of rows) {
    if (row[low] !== null) a = Math.min(a, row[low]);
    if (row[high] !== null) b = Math.max(b, row[high]);
  }
  if (!(b > a)) b = a + 1;
  const room = right - left - 14, x = v => left + 4 + (v - a) / (b - a) * room;
  const svg = drawing(figure, width, height, title + ': ' + rows.map((row, i) => nameOf(row) + ' ' + figures[i]).slice(0, 20).join('; '));
  for (const tick of ticks(a, b, Math.max(2, room / 60))) {
    shape(svg, 'path', { class: tick === 0 ? 'zero' : 'axis', d: `M${x(tick)} ${top}V${height - 18}` });
    shape(svg, 'text', { class: 'soft', x: x(tick), y: height - 4, 'text-anchor': 'middle' }, tickText(tick, percent ? '%' : ''));
  }
  rows.forEach((row, i) => {
    const y = top + step * (i + 0.5) + down, c = classOf(experiment, row);
    shape(svg, 'text', { x: 0, y: above ? y - 12 : y + 4 }, cut(nameOf(row), above ? width : left - 6));
    shape(svg, 'text', { x: right + 4, y: y + 4 }, figures[i]);
    if (row[low] !== null) {
      shape(svg, 'path', { class: 'bar ' + c, d: `M${x(row[low])} ${y}H${x(row[high])}M${x(row[low])} ${y - 4}v8M${x(row[high])} ${y - 4}v8` });
      shape(svg, 'circle', { class: 'point ' + c, cx: x(row[at]), cy: y, r: 4.5 });
    }
    shape(svg, 'rect', { class: 'hit', x: 0, y: top + step * i, width, height: step }).tip = told(experiment, row);
  });
}
/* A metric a panel: the primary one, guardrails, those with a significant effect, the others;
   a box has some of them. */
function forests(experiment, box) {
  const rank = m => experiment.metrics[m].primary ? 0 : experiment.metrics[m].guardrail ? 1
    : experiment.effects.some(row => row[METRIC] === m && row[SEGMENT] === '' && row[SIGNIFICANT]) ? 2 : 3;
  const order = experiment.metrics.map((_, m) => [rank(m), m]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  order.slice(Number(box.dataset.from || 0), Number(box.dataset.end || order.length)).forEach(([, m]) => {
    const metric = experiment.metrics[m];
    const rows = experiment.effects.filter(row => row[METRIC] === m && row[SEGMENT] === '');
    if (rows.length === 0) return;
    const notes = [];
    if (metric.primary) notes.push('primary');
    if (metric.guardrail) notes.push('guardrail');
    if (metric.lower) notes.push('lower is better');
    forest(experiment, box, metric.label + unitOf(metric), notes.join(', '), rows, row => experiment.arms[row[ARM]].label);
  });
}
/* The segments of a metric and an arm, of the primary metric first. */
function segments(experiment, box) {
  experiment.metrics.forEach((metric, m) => experiment.arms.forEach((arm, a) => {
    const rows = experiment.effects.filter(row => row[METRIC] === m && row[ARM] === a && row[SEGMENT] !== '');
    if (rows.some(row => row[EFFECT_LOW] !== null))
      forest(experiment, box, `${arm.label}: ${metric.label}${unitOf(metric)}`,
        rows.length > 60 ? `60 of ${rows.length} segments` : '', rows.slice(0, 60), row => row[SEGMENT]);
  }));
}

/* --- by day: an arm a panel, on one scale ----------------------------------- */
function axes(svg, frame, low, high, y, mark) {
  for (const tick of ticks(low, high, 7)) {
    shape(svg, 'path', { class: tick === 0 ? 'zero' : 'axis', d: `M${frame.left} ${y(tick)}H${frame.right}` });
    shape(svg, 'text', { class: 'soft', x: frame.left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, tickText(tick, mark));
  }
}
function days(experiment, box) {
  const all = experiment.daily.flat();
  if (all.length === 0) return;
  /* the first days' wide intervals, and single days, must not flatten the rest */
  const ends = all.filter(day => day[0] >= experiment.days.length / 4).flatMap(day => day.slice(1, 4));
  const used = (ends.length ? ends : all.flatMap(day => day.slice(1, 4))).filter(x => x !== null);
  let low = Math.min(0, ...used), high = Math.max(0, ...used);
  const margin = 0.15 * (high - low || 1);
  low -= margin;
  high += margin;
  experiment.daily.forEach((list, a) => {
    if (list.length === 0) return;
    const figure = panel(box, experiment.arms[a].label), width = panelWidth, height = 210;
    const frame = { left: 48, right: width - 8, top: 6, bottom: height - 24 };
    const svg = drawing(figure, width, height, `Effect of ${experiment.arms[a].label} by day, at the end ${signed(list[list.length - 1][1], 1)} %`);
    const last = Math.max(1, experiment.days.length - 1);
    const x = day => frame.left + 8 + day / last * (frame.right - frame.left - 16);
    const y = v => frame.bottom - (Math.max(low, Math.min(high, v)) - low) / (high - low) * (frame.bottom - frame.top);
    axes(svg, frame, low, high, y, '%');
    const every = Math.ceil(experiment.days.length / Math.max(2, Math.floor((width - 60) / 80)));
    experiment.days.forEach((day, i) => {
      if (i % every === 0)
        shape(svg, 'text', { class: 'soft', x: x(i), y: height - 6, 'text-anchor': i === 0 ? 'start' : x(i) > frame.right - 36 ? 'end' : 'middle' }, day.slice(5));
    });
    const line = k => list.map(day => `${x(day[0]).toFixed(1)} ${y(day[k]).toFixed(1)}`);
    shape(svg, 'path', { class: 'band', d: 'M' + line(2).concat(line(3).reverse()).join('L') + 'Z' });
    shape(svg, 'path', { class: 'line', d: 'M' + line(1).join('L') });
    list.forEach(day => {
      if (day[4] !== null && day[4] >= low && day[4] <= high)
        shape(svg, 'circle', { class: 'day', cx: x(day[0]), cy: y(day[4]), r: 3 });
      const half = (frame.right - frame.left) / last / 2;
      shape(svg, 'rect', { class: 'hit', x: x(day[0]) - half, y: frame.top, width: 2 * half, height: frame.bottom - frame.top }).tip =
        `${experiment.arms[a].label}, until the end of ${experiment.days[day[0]]}\n` +
        `effect ${signed(day[1], 2)} % (${signed(day[2], 2)} to ${signed(day[3], 2)})` +
        (day[4] === null ? '' : `\nthat day alone ${signed(day[4], 2)} %`);
    });
  });
}

/* --- users: an arm a panel, the control's outline in each ------------------- */
function users(experiment, box) {
  const bins = experiment.bins;
  if (!bins) return;
  const most = Math.max(...bins.share.flat()), control = experiment.arms.findIndex(arm => arm.control);
  bins.share.forEach((shares, a) => {
    const arm = experiment.arms[a], figure = panel(box, arm.label + (arm.control ? ' (control)' : ''), `${arm.users} users, median ${plain(bins.median[a])}`);
    const width = panelWidth, height = 170;
    const frame = { left: 40, right: width - 8, top: 6, bottom: height - 24 };
    const svg = drawing(figure, width, height, `Distribution of ${arm.label}, median ${plain(bins.median[a])}`);
    const n = shares.length, x = i => frame.left + i / n * (frame.right - frame.left);
    const y = v => frame.bottom - v / most * (frame.bottom - frame.top);
    axes(svg, frame, 0, most, y, '%');
    shares.forEach((share, i) =>
      shape(svg, 'rect', { class: a === control ? 'count control' : 'count', x: x(i) + 0.5, y: y(share), width: Math.max(1, x(1) - x(0) - 1), height: frame.bottom - y(share) }));
    if (a !== control && control >= 0)
      shape(svg, 'path', { class: 'outline', d: 'M' + bins.share[control].map((share, i) => `${x(i).toFixed(1)} ${y(share).toFixed(1)}H${x(i + 1).toFixed(1)}`).join('L') });
    const middle = frame.left + (bins.median[a] - bins.low) / bins.width / n * (frame.right - frame.left);
    if (bins.median[a] !== null && middle <= frame.right)
      shape(svg, 'path', { class: 'median', d: `M${Math.max(frame.left, middle)} ${frame.top}V${frame.bottom}` });
    for (const tick of ticks(bins.low, bins.low + n * bins.width, Math.max(2, width / 90)))
      shape(svg, 'text', { class: 'soft', x: Math.min(frame.right - 10, x((tick - bins.low) / bins.width)), y: height - 6, 'text-anchor': 'middle' }, tickText(tick, ''));
    shares.forEach((share, i) => {
      shape(svg, 'rect', { class: 'hit', x: x(i), y: frame.top, width: x(1) - x(0), height: frame.bottom - frame.top }).tip =
        `${arm.label}: ${plain(bins.low + i * bins.width)} to ${plain(bins.low + (i + 1) * bins.width)}\n${plain(share)} % of the users` +
        (a === control || control < 0 ? '' : `, control ${plain(bins.share[control][i])} %`);
    });
  });
}

/* --- all of it, again when the width changes -------------------------------- */
const DRAWINGS = { forests, segments, days, users };
const drawnAt = new WeakMap(); /* each box's width of the window when it was drawn */
const PAPER = 320; /* a drawing's width in one of two columns of a printed page */
let printing = false;
function draw() {
  const wide = printing ? -1 : document.body.clientWidth;
  const boxes = [...document.querySelectorAll('[data-draw]')].filter(box => !box.closest('details:not([open])') && drawnAt.get(box) !== wide);
  /* all widths are asked for before anything is drawn: one layout, not one for each box */
  const probes = boxes.map(box => {
    box.replaceChildren();
    return panel(box, 'x');
  });
  const rooms = probes.map(probe => printing ? PAPER : Math.max(240, probe.clientWidth - 24));
  boxes.forEach((box, i) => {
    drawnAt.set(box, wide);
    probes[i].remove();
    panelWidth = rooms[i];
    DRAWINGS[box.dataset.draw](experiments[box.closest('section').dataset.number], box);
  });
}
let waiting = 0;
addEventListener('resize', () => {
  clearTimeout(waiting);
  waiting = setTimeout(draw, 100);
});
/* What is folded is drawn when it is opened; on paper all of it is there. */
document.addEventListener('toggle', draw, true);
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details:not([open])')];
  for (const one of folded) one.open = true;
  printing = true;
  draw();
});
addEventListener('afterprint', () => {
  for (const one of folded) one.open = false;
  printing = false;
  draw();
});

/* --- figures on hover, and by the arrow keys in a drawing -------------------- */
const tip = document.getElementById('tip');
let marked = null;
function showTip(mark, x, y) {
  if (marked) marked.classList.remove('at');
  marked = mark;
  tip.hidden = !mark;
  if (!mark) return;
  mark.classList.add('at');
  tip.textContent = mark.tip;
  tip.style.left = Math.max(4, Math.min(x + 14, scrollX + document.documentElement.clientWidth - tip.offsetWidth - 6)) + 'px';
  tip.style.top = y + 16 + 'px';
}
document.addEventListener('pointermove', event => showTip(event.target.tip ? event.target : null, event.pageX, event.pageY));
document.addEventListener('pointerdown', event => showTip(event.target.tip ? event.target : null, event.pageX, event.pageY));
document.addEventListener('focusout', () => showTip(null));
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') showTip(null);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches || !event.target.matches('.panel svg')) return;
  event.preventDefault();
  const marks = [...event.target.querySelectorAll('.hit')], now = marks.indexOf(marked);
  const next = marks[now < 0 ? 0 : Math.max(0, Math.min(marks.length - 1, now + step))], where = next.getBoundingClientRect();
  showTip(next, where.x + scrollX, where.y + where.height + scrollY - 12);
});

/* --- tables ------------------------------------------------------------------ */
function figureOf(text) {
  const found = /-?[0-9.]+(?:e[-+]?[0-9]+)?/.exec(text);
  return found ? Number(found[0]) : NaN;
}
function sortTable(head) {
  const row = head.parentNode, column = [...row.children].indexOf(head), body = head.closest('table').tBodies[0];
  const falling = head.getAttribute('aria-sort') === 'ascending', text = head.classList.contains('t');
  for (const other of row.children) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
  const rows = [...body.rows].map(r => [text ? r.cells[column].textContent : figureOf(r.cells[column].textContent), r]);
  rows.sort(([a], [b]) => {
    if (text) return (falling ? -1 : 1) * a.localeCompare(b);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return falling ? b - a : a - b;
  });
  body.append(...rows.map(([, r]) => r));
}
document.addEventListener('click', event => {
  const head = event.target.closest && event.target.closest('th');
  if (head && event.target.closest('button')) sortTable(head);
});
const began = performance.now();
draw();
document.documentElement.dataset.drawn = (performance.now() - began).toFixed(0);
