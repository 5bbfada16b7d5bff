'use strict';
const data =
DATA;
function bytes(text) {
  const from = atob(text), to = new Uint8Array(from.length);
  for (let i = 0; i < from.length; i++) to[i] = from.charCodeAt(i);
  return to;
}
/* Numbers of `size` bytes each, the lowest first. */
function numbers(text, size) {
  const from = bytes(text), count = from.length / size;
  if (size === 1) return from;
  const to = size === 2 ? new Uint16Array(count) : new Uint32Array(count);
  for (let i = 0, at = 0; i < count; i++)
    for (let b = 0; b < size; b++) to[i] += from[at++] * 2 ** (8 * b);
  return to;
}
const element = id => document.getElementById(id);
const n = data.titles.length, K = data.k;
/* places in a square of side 1, as 16 bits; neighbors of point i at i * K, the nearest first */
const xy = new Uint16Array(bytes(data.xy).buffer);
const near = numbers(data.near, data.near_bytes), cosines = new Int8Array(bytes(data.cosines).buffer);
/* Each column: its different values, and the number of each point's. Cells such as
   Comedy|Drama have several parts. */
const columns = data.columns.map((c, number) => {
  const values = c.title ? data.titles : c.values, at = c.title ? null : numbers(c.at, c.bytes);
  const split = !c.title && values.some(v => v.includes('|'));
  const parts = [], part = new Map();
  const partOf = v => {
    if (!part.has(v)) { part.set(v, parts.length); parts.push(v); }
    return part.get(v);
  };
  const of = c.title ? null : values.map(v => split ? [...new Set(v.split('|').map(x => x.trim()))].map(partOf) : [partOf(v)]);
  const filled = c.title ? [] : values.filter(v => v !== '');
  const numeric = filled.length > 0 && filled.every(v => Number.isFinite(Number(v)));
  return { name: c.name, number, title: !!c.title, values, at, parts, of, numeric,
    value: i => c.title ? data.titles[i] : values[at[i]], partsOf: i => of[at[i]] };
});
const artist = columns.find(c => /^(artist|author|creator|performer|director)s?$/i.test(c.name));
const artistOf = i => artist ? artist.value(i) : '';
const fullName = i => data.titles[i] + (artistOf(i) ? ' – ' + artistOf(i) : '');

/* --- colors: those of palette.css, again when the screen turns dark or light --- */
const style = getComputedStyle(document.documentElement);
const color = name => style.getPropertyValue('--' + name).trim();
const rgb = text => [1, 3, 5].map(i => parseInt(text.substr(i, 2), 16));
let PALETTE, GRAY, STOPS, INK, PAPER, MARK;
function readColors() {
  PALETTE = Array.from({ length: 10 }, (_, i) => color('series-' + (i + 1)));
  STOPS = Array.from({ length: 5 }, (_, i) => rgb(color('stop-' + (i + 1))));
  [GRAY, INK, PAPER, MARK] = ['other', 'ink', 'paper', 'mark'].map(color);
}
readColors();
function gradient(share) {
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1), i = Math.min(Math.floor(at), STOPS.length - 2);
  return [0, 1, 2].map(c => Math.round(STOPS[i][c] + (STOPS[i + 1][c] - STOPS[i][c]) * (at - i)));
}
const css = c => 'rgb(' + c.join(',') + ')';

const canvas = element('map'), pen = canvas.getContext('2d', { willReadFrequently: true });
const state = { scale: 1, x: 0, y: 0, selected: -1, near: [], found: null, matches: 0, filter: null, brushed: null,
  mask: null, color: -1, clusters: [], shades: new Uint8Array(4 * n), gray: new Uint8Array(n),
  order: new Uint32Array(n), labels: [], shift: [0, 0] };

/* --- the view: pixel = place * scale + offset, y upwards --- */
let W = 1, H = 1, ratio = 1;
/* The canvas of the points is larger by MARGIN on each side: while the map is dragged, both
   canvases are moved as they are, and drawn again when the margin is used up. */
const MARGIN = 160;
let drawnAt = null;
function size() {
  const box = element('view').getBoundingClientRect();
  ratio = Math.min(window.devicePixelRatio || 1, 2);
  W = Math.max(1, box.width);
  H = Math.max(1, box.height);
  drawnAt = null;
  for (const [c, margin] of [[canvas, 0], [element('points'), MARGIN]]) {
    c.width = Math.round((W + 2 * margin) * ratio);
    c.height = Math.round((H + 2 * margin) * ratio);
    c.style.width = W + 2 * margin + 'px';
    c.style.height = H + 2 * margin + 'px';
    c.style.left = c.style.top = -margin + 'px';
  }
}
const X = i => xy[2 * i] / 65535, Y = i => xy[2 * i + 1] / 65535;
const px = i => X(i) * state.scale + state.x, py = i => state.y - Y(i) * state.scale;
/* Shows a part of the square, [left, low, right, high]; everything. */
function fit([left, low, right, high] = [0, 0, ...data.box]) {
  size();
  state.scale = 0.92 * Math.min(W / Math.max(right - left, 1e-9), H / Math.max(high - low, 1e-9));
  state.x = W / 2 - (left + right) / 2 * state.scale;
  state.y = H / 2 + (low + high) / 2 * state.scale;
}
/* At first without what is far away, where that would make all else small: less than one
   point of 200 on each side. */
function fitMost() {
  const ends = [X, Y].map(at => {
    const sorted = Float64Array.from({ length: n }, (_, i) => at(i)).sort(), cut = Math.floor(n / 200);
    return [sorted[cut], sorted[n - 1 - cut]];
  });
  const margins = ends.map(([a, b]) => 0.03 * (b - a));
  const most = [0, 1].map(c => ends[c][0] - margins[c]).concat([0, 1].map(c => ends[c][1] + margins[c]));
  fit();
  const all = state.scale;
  fit(most);
  if (!(state.scale > 1.3 * all)) fit();
}
function zoomAt(x, y, factor) {
  state.x = x - (x - state.x) * factor;
  state.y = y - (y - state.y) * factor;
  state.scale *= factor;
  redraw();
}
function move(dx, dy) {
  state.x += dx;
  state.y += dy;
  redraw();
}
/* Moves the map, when it must, so that the point is in sight. */
function bringIn(i) {
  const x = px(i), y = py(i);
  if (x >= 0 && y >= 0 && x < W && y < H) return;
  move(W / 2 - x, H / 2 - y);
}
const isShown = i => !state.mask || state.mask[i] === 1;
/* The point within 10 pixels, shown ones first; or the nearest of all. */
function pick(x, y, reach = 100) {
  let best = -1, least = reach;
  for (let i = 0; i < n; i++) {
    const dx = px(i) - x, dy = py(i) - y, d = dx * dx + dy * dy;
    if (d < least && isShown(i)) { least = d; best = i; }
  }
  return best;
}

/* --- points: WebGL, or pixels where there is none --- */
const gl = n > 0 ? element('points').getContext('webgl2', { antialias: false, premultipliedAlpha: true }) : null;
const VERTEX = `#version 300 es
in vec2 at; in vec4 color; uniform vec2 scale, offset; uniform float size; out vec4 shade;
void main() { gl_Position = vec4(at * scale + offset, 0, 1); gl_PointSize = size; shade = color; }`;
const FRAGMENT = `#version 300 es
precision mediump float; in vec4 shade; uniform float edge; out vec4 pixel;
void main() { float a = shade.a * (1.0 - smoothstep(0.5 - edge, 0.5, distance(gl_PointCoord, vec2(0.5))));
  pixel = vec4(shade.rgb * a, a); }`;
let uniform = null, buffers = null;
function startGl() {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const buffer = (kind, content) => {
    const b = gl.createBuffer();
    gl.bindBuffer(kind, b);
    gl.bufferData(kind, content, gl.DYNAMIC_DRAW);
    return b;
  };
  const attribute = (name, count, type) => {
    const where = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(where);
    gl.vertexAttribPointer(where, count, type, true, 0, 0);
  };
  buffer(gl.ARRAY_BUFFER, xy);
  attribute('at', 2, gl.UNSIGNED_SHORT);
  buffers = { shades: buffer(gl.ARRAY_BUFFER, state.shades) };
  attribute('color', 4, gl.UNSIGNED_BYTE);
  buffers.order = buffer(gl.ELEMENT_ARRAY_BUFFER, state.order);
  uniform = Object.fromEntries(['scale', 'offset', 'size', 'edge'].map(name => [name, gl.getUniformLocation(program, name)]));
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
}
if (gl) startGl();
/* Points grow as the map is zoomed in. */
function radius() {
  const shown = data.box[0] * data.box[1] * state.scale * state.scale / (W * H);
  return Math.max(1.1, Math.min(5, 160 / Math.sqrt(n + 1) * Math.sqrt(Math.max(1, shown)) + 0.6));
}
function drawPoints(r) {
  if (!gl) { drawPixels(r); return; }
  gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT);
  const w = W + 2 * MARGIN, h = H + 2 * MARGIN;
  gl.uniform2f(uniform.scale, 2 * state.scale / w, 2 * state.scale / h);
  gl.uniform2f(uniform.offset, 2 * (state.x + MARGIN) / w - 1, 1 - 2 * (state.y + MARGIN) / h);
  gl.uniform1f(uniform.size, 2 * r * ratio);
  gl.uniform1f(uniform.edge, Math.min(0.5, 0.6 / (r * ratio)));
  gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, 0);
}
function drawPixels(r) {
  const target = element('points').getContext('2d'), w = element('points').width, h = element('points').height;
  const image = target.createImageData(w, h), pixels = new Uint32Array(image.data.buffer), shades = new Uint32Array(state.shades.buffer);
  const side = Math.max(2, Math.round(2 * r * ratio));
  for (const i of state.order) {
    const left = Math.round((px(i) - r + MARGIN) * ratio), top = Math.round((py(i) - r + MARGIN) * ratio);
    if (left <= -side || top <= -side || left >= w || top >= h) continue;
    const x0 = Math.max(left, 0), x1 = Math.min(left + side, w);
    for (let y = Math.max(top, 0), end = Math.min(top + side, h); y < end; y++) pixels.fill(shades[i], y * w + x0, y * w + x1);
  }
  target.putImageData(image, 0, 0);
}
/* What is not shown lies lowest, gray below colors; then the colors of the palette. */
function arrange() {
  const level = i => !isShown(i) ? 0 : state.gray[i] ? 1 : 2, start = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    start[level(i) + 1]++;
    state.shades[4 * i + 3] = isShown(i) ? 222 : 26;
  }
  for (let l = 1; l < 4; l++) start[l] += start[l - 1];
  for (let i = 0; i < n; i++) state.order[start[level(i)]++] = i;
  if (gl) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.shades);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, state.shades);
    gl.bufferSubData(gl.ELEMENT_ARRAY_BUFFER, 0, state.order);
  }
  redraw();
}

/* --- density: points in cells of 8 pixels, blurred --- */
function drawDensity() {
  const cell = 8, w = Math.ceil(W / cell) + 4, h = Math.ceil(H / cell) + 4;
  let grid = new Float32Array(w * h);
  for (let i = 0; i < n; i++) {
    if (!isShown(i)) continue;
    const x = Math.floor(px(i) / cell) + 2, y = Math.floor(py(i) / cell) + 2;
    if (x >= 0 && y >= 0 && x < w && y < h) grid[y * w + x]++;
  }
  grid = blur(blur(grid, w, h), w, h);
  const most = grid.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return;
  const image = new ImageData(w, h);
  for (let i = 0; i < w * h; i++) {
    const share = Math.sqrt(grid[i] / most);
    image.data.set([...gradient(share), share < 0.03 ? 0 : 70 + 150 * share], 4 * i);
  }
  const sheet = document.createElement('canvas');
  sheet.width = w;
  sheet.height = h;
  sheet.getContext('2d').putImageData(image, 0, 0);
  pen.drawImage(sheet, -2 * cell, -2 * cell, w * cell, h * cell);
}
function blur(from, w, h) {
  const to = new Float32Array(w * h);
  for (let y = 1; y < h - 1; y++)
    for (let x = 1; x < w - 1; x++) {
      let sum = 0;
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) sum += from[(y + dy) * w + x + dx] * (2 - Math.abs(dx)) * (2 - Math.abs(dy));
      to[y * w + x] = sum / 16;
    }
  return to;
}

/* --- clusters: hills of the density, named by what they have more of than all points --- */
function nameClusters() {
  state.clusters = [];
  const texts = columns.filter(c => !c.title && !c.numeric && c.parts.length > 1 && c.parts.length < 5000);
  const column = texts.find(c => c.number === state.color) || texts[0];
  if (!column || n < 20) return;
  const G = 96;
  let grid = new Float32Array(G * G);
  const cellOf = i => Math.min(G - 3, 2 + Math.floor(Y(i) * (G - 5))) * G + Math.min(G - 3, 2 + Math.floor(X(i) * (G - 5)));
  for (let i = 0; i < n; i++) grid[cellOf(i)]++;
  for (let step = 0; step < 3; step++) grid = blur(grid, G, G);
  const hill = new Int32Array(G * G).fill(-1);
  const climb = cell => {
    if (hill[cell] >= 0) return hill[cell];
    let best = cell;
    for (const step of [-G - 1, -G, -G + 1, -1, 1, G - 1, G, G + 1])
      if (grid[cell + step] > grid[best]) best = cell + step;
    return hill[cell] = best === cell ? cell : climb(best);
  };
  /* shares are of the points that have a value */
  const columnFilled = column.values.map(v => v === '' ? 0 : 1);
  const total = new Float64Array(column.parts.length), hills = new Map();
  let filled = 0;
  for (let i = 0; i < n; i++) {
    const top = climb(cellOf(i));
    if (!hills.has(top)) hills.set(top, { size: 0, filled: 0, x: 0, y: 0, counts: new Map() });
    const here = hills.get(top);
    here.size++;
    here.filled += columnFilled[column.at[i]];
    here.x += X(i);
    here.y += Y(i);
    for (const part of column.partsOf(i)) {
      total[part]++;
      here.counts.set(part, (here.counts.get(part) || 0) + 1);
    }
  }
  for (const h of hills.values()) filled += h.filled;
  const large = [...hills.values()].filter(h => h.size >= Math.max(8, n / 400)).sort((a, b) => b.size - a.size).slice(0, 60);
  for (const h of large) {
    let name = null, most = 0;
    for (const [part, count] of h.counts) {
      const share = count / h.filled, lift = share / (total[part] / filled), worth = share * Math.log(lift);
      const stands = share >= 0.25 ? lift > 1.2 : share >= 0.1 && lift > 1.8;
      if (column.parts[part] !== '' && stands && worth > most) { most = worth; name = column.parts[part]; }
    }
    if (name !== null) state.clusters.push({ name, x: h.x / h.size, y: h.y / h.size, size: h.size });
  }
}

/* --- drawing --- */
let waiting = false, frames = 0; /* how often it was drawn */
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}
function ring(i, r) {
  pen.beginPath();
  pen.arc(px(i), py(i), r, 0, 2 * Math.PI);
  pen.lineWidth = 2.5;
  pen.strokeStyle = MARK;
  pen.stroke();
}
/* Writes a text where no other one is; false when there is no room. */
function label(text, x, y, bold, middle) {
  if (text === '') return false;
  pen.font = (bold ? 'bold ' : '') + (middle && W > 600 ? 14 : 12) + 'px system-ui, sans-serif';
  const cut = text.length > 40 ? text.slice(0, 39) + '…' : text, width = pen.measureText(cut).width;
  const left = middle ? x - width / 2 : x, box = [left - 2, y - 12, left + width + 2, y + 5];
  if (box[2] < 0 || box[0] > W || box[3] < 0 || box[1] > H) return false;
  if (state.labels.some(b => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3])) return false;
  state.labels.push(box);
  pen.lineWidth = 4;
  pen.lineJoin = 'round';
  pen.strokeStyle = PAPER;
  pen.fillStyle = INK;
  pen.strokeText(cut, left, y);
  pen.fillText(cut, left, y);
  return true;
}
/* Names of clusters, of the largest first; as many as the screen has room for, none beside
   its like. */
function drawNames() {
  const drawn = [], most = Math.max(8, W * H / 14000);
  for (const c of state.clusters) {
    const x = c.x * state.scale + state.x, y = state.y - c.y * state.scale;
    if (drawn.length >= most || drawn.some(d => d[0] === c.name && Math.hypot(d[1] - x, d[2] - y) < 90)) continue;
    if (label(c.name, x, y, true, true)) drawn.push([c.name, x, y]);
  }
}
function drawLabels(r) {
  state.labels = [];
  if (state.selected >= 0) label(fullName(state.selected), px(state.selected) + r + 7, py(state.selected) + 4, true);
  if (element('names').checked) drawNames();
  for (const [i] of state.near) label(data.titles[i], px(i) + r + 5, py(i) + 4);
  if (drag && n > 100000) return;
  const inside = [];
  for (let i = 0; i < n && inside.length < 400; i++) {
    const x = px(i), y = py(i);
    if (x >= 0 && y >= 0 && x < W && y < H && isShown(i)) inside.push(i);
  }
  if (inside.length < 400)
    for (const i of inside) if (state.labels.length < 90) label(data.titles[i], px(i) + r + 3, py(i) + 4);
}
function draw() {
  const r = radius();
  frames++;
  const at = [state.x, state.y, state.scale], near = drag && drawnAt && drawnAt[2] === at[2]
    && Math.max(Math.abs(at[0] - drawnAt[0]), Math.abs(at[1] - drawnAt[1])) < MARGIN;
  if (!near) {
    drawPoints(r);
    drawnAt = at;
  }
  state.shift = near ? [at[0] - drawnAt[0], at[1] - drawnAt[1]] : [0, 0];
  element('points').style.transform = canvas.style.transform =
    near ? `translate(${state.shift[0]}px, ${state.shift[1]}px)` : '';
  if (near && !drag.brush) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, W, H);
  if (element('density').checked === true) drawDensity();
  for (const [i] of state.near) ring(i, r + 2);
  if (state.selected >= 0) ring(state.selected, r + 5);
  drawLabels(r);
  if (drag && drag.brush) {
    pen.strokeStyle = MARK;
    pen.lineWidth = 1.5;
    pen.strokeRect(drag.from[0], drag.from[1], drag.x - drag.from[0], drag.y - drag.from[1]);
  }
}

/* --- lists --- */
function make(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
/* Rows: point, note, share of a bar or nothing. */
function list(where, title, rows) {
  const box = element(where);
  box.replaceChildren();
  if (title === '') return;
  const ol = make('ol');
  for (const [i, note, share] of rows) {
    const li = make('li'), button = make('button'), name = make('span', 'name', data.titles[i]);
    button.type = 'button';
    if (artistOf(i)) name.append(' ', make('span', 'artist', artistOf(i)));
    button.append(name, make('span', 'score', note));
    if (share !== undefined) {
      const bar = make('span', 'bar'), inner = make('span');
      inner.style.width = Math.round(100 * Math.max(0, share)) + '%';
      bar.append(inner);
      button.append(bar);
    }
    button.addEventListener('click', () => { bringIn(i); select(i); });
    li.append(button);
    ol.append(li);
  }
  box.append(make('h2', '', title), ol);
}
function neighbors(i) {
  const rows = [];
  for (let j = i * K; j < (i + 1) * K; j++) if (near[j] < n && near[j] !== i) rows.push([near[j], cosines[j] / 127]);
  return rows;
}
function select(i) {
  state.selected = i;
  state.near = i < 0 ? [] : neighbors(i);
  list('near', i < 0 ? '' : 'Nearest to ' + fullName(i), state.near.map(([j, c]) => [j, c.toFixed(2), c]));
  redraw();
}
