'use strict';
/* What makes a page hard to use, as lines; [] when nothing was found: the rules of WCAG 2.2
   that a program can check. 1.4.3 contrast of text (4.5, large text 3), 4.1.2 and 1.1.1
   names of controls and pictures, 4.1.1 ids, 1.3.1 order of headings and one main, 2.4.7
   focus, 2.1.1 no control beyond the keyboard, 3.1.1 language, 1.4.10 no scrolling in two
   directions, 2.5.8 size of targets (24 pixels). */
function audit() {
  const found = [], say = (element, text) => found.push(text + ': ' + element.outerHTML.slice(0, 120));
  const shown = e => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const parse = text => {
    const part = text.match(/[0-9.]+/g).map(Number);
    return part.length > 3 ? part : [...part, 1];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = color => {
    const [r, g, b] = color.slice(0, 3).map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

  /* contrast of every element with text of its own */
  const told = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('script, style, noscript') || !shown(e)) continue;
    if (![...e.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== '')) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), below = ground(e);
    const color = e instanceof SVGElement ? parse(style.fill) : parse(style.color);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(over(color, below), below), key = style.color + style.fill + below;
    if (ratio < (large ? 3 : 4.5) && !told.has(key)) {
      told.add(key);
      say(e, 'contrast ' + ratio.toFixed(2));
    }
  }
  /* names */
  const nameOf = e => (e.getAttribute('aria-label') || '').trim()
    || (e.getAttribute('aria-labelledby') || '').split(' ').map(id => document.getElementById(id)).filter(Boolean).map(x => x.textContent).join(' ').trim()
    || [...(e.labels || [])].map(l => l.textContent).join(' ').trim()
    || (/^(BUTTON|A|SUMMARY)$/i.test(e.tagName) ? e.textContent.trim() : '') || (e.alt || '').trim();
  for (const e of document.querySelectorAll('button, a[href], input, select, textarea, canvas, [role=img], [role=region], [role=button], nav, dialog')) {
    if (!shown(e)) continue;
    if (e.tagName === 'CANVAS' && e.getAttribute('aria-hidden') === 'true') continue;
    if (nameOf(e) === '') say(e, 'no name');
  }
  for (const e of document.querySelectorAll('img')) if (!e.hasAttribute('alt')) say(e, 'no alt');
  for (const e of document.querySelectorAll('th')) if (!e.hasAttribute('scope')) say(e, 'a heading of a table without scope');
  /* ids, headings, landmarks, language */
  const ids = new Set();
  for (const e of document.querySelectorAll('[id]')) {
    if (ids.has(e.id)) say(e, 'an id twice');
    ids.add(e.id);
  }
  let level = 0;
  for (const e of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    if (!shown(e)) continue;
    if (Number(e.tagName[1]) > level + 1) say(e, 'a level of headings is left out');
    level = Number(e.tagName[1]);
  }
  if (document.querySelectorAll('main').length !== 1) found.push('not one main');
  if (!document.documentElement.lang) found.push('no language');
  if (!document.title.trim()) found.push('no title');
  /* the focus: reachable, and seen */
  const controls = [...document.querySelectorAll('button, a[href], input, select, summary, [tabindex]')].filter(e => shown(e) && !e.disabled);
  for (const e of controls.slice(0, 200)) {
    if (Number(e.getAttribute('tabindex') || 0) > 0) say(e, 'a tabindex above 0');
    const before = getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow + getComputedStyle(e).borderColor;
    e.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== e) { if (e.getAttribute('tabindex') !== '-1') say(e, 'takes no focus'); continue; }
    const style = getComputedStyle(e);
    if (style.outlineStyle === 'none' && before === style.outlineStyle + style.boxShadow + style.borderColor) say(e, 'the focus is not seen');
    const box = e.getBoundingClientRect();
    if (/^(BUTTON|SELECT|INPUT)$/.test(e.tagName) && !e.closest('p, td, th') && e.type !== 'checkbox' && (box.height < 24 || box.width < 24)) say(e, 'a small target');
  }
  if (document.activeElement && document.activeElement.blur) document.activeElement.blur();
  for (const e of document.querySelectorAll('[onclick]')) if (!e.matches('button, a, input, summary')) say(e, 'only for the mouse');
  if (document.documentElement.scrollWidth > innerWidth + 1) found.push('wider than the window: ' + document.documentElement.scrollWidth + ' of ' + innerWidth);
  return found;
}
