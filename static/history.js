// Keeps the Export History, or the page of one export, up to date while it is looked at, changes only what has changed, and
// says to screen readers how far an export has come.
//
// It asks, rather than being told (server-sent events). Who may see the history is looked up for every answer; an answer
// that nothing has changed (304) costs the server a few indexed queries and hardly a byte, and nothing is held open: no
// connection for each tab (a browser has six for a server), no thread, nothing that a proxy keeps back or that has to be
// found again after a laptop has slept or a server was started anew. What would tell is the database, which has to be asked
// anyway: the one who builds the export may be another process.

// Milliseconds between two looks: while an export runs, and the longer nothing changes; while none does; at most.
const SOON = 2000;
const LATER = 10000;
const IDLE = 30000;
const LONGEST = 60000;
// Unchanged answers after which it is asked more slowly.
const PATIENCE = 5;
// How far an export has come is said no more often than this.
const SAID = 20000;

let timer = 0;
let asking = false;
let failures = 0;
let unchanged = 0;
let tag = '';
let lastSaid = -SAID;

for (const [target, name] of [[document, 'visibilitychange'], [window, 'focus'], [window, 'online']]) {
  target.addEventListener(name, () => { if (!document.hidden) refresh(); });
}
document.addEventListener('page:shown', () => {
  [failures, unchanged, tag] = [0, 0, ''];
  schedule();
});
schedule();

function region() {
  return document.querySelector('[data-live]:not([data-ended])');
}

function schedule() {
  clearTimeout(timer);
  const now = region();
  if (!now || document.hidden) return;
  const usual = 'active' in now.dataset ? (unchanged < PATIENCE ? SOON : LATER) : IDLE;
  timer = setTimeout(refresh, Math.min(Math.max(usual, failures && SOON * 2 ** failures), LONGEST));
}

// One question at a time: an answer never overtakes a later one, so that nothing runs backwards.
async function refresh() {
  clearTimeout(timer);
  const now = region();
  if (!now || asking) return;
  asking = true;
  try {
    const response = await fetch(now.dataset.live, {
      headers: tag ? { Accept: 'text/html', 'If-None-Match': tag } : { Accept: 'text/html' },
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.timeout(15000),
    });
    if (!now.isConnected) {
      // Another page has taken its place meanwhile, and asks for itself.
    } else if (response.type === 'opaqueredirect' || response.status === 401) {
      end(now, 'signed-out');
    } else if (response.status === 403) {
      end(now, 'no-access');
    } else {
      if (response.status === 304) unchanged += 1;
      else await take(response, now);
      failures = 0;
      show(now, 'offline', false);
    }
  } catch {
    failures += 1;
    // One answer may get lost; the second time it is told.
    if (failures > 1) show(now, 'offline', true);
  } finally {
    asking = false;
  }
  schedule();
}

async function take(response, now) {
  if (!response.ok) throw new Error(`status ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const next = page.querySelector('[data-live]');
  if (!next) throw new Error('not the Export History');
  if (!now.isConnected) return;
  tag = response.headers.get('ETag') ?? '';
  unchanged = 0;
  update(now, next);
}

function end(now, why) {
  now.dataset.ended = '';
  show(now, 'offline', false);
  show(now, why, true);
}

// Shows or hides what is wrong with the page, and says it once.
function show(now, what, visible) {
  const notice = now.querySelector(`[data-notice=${what}]`);
  if (!notice || notice.hidden !== visible) return;
  notice.hidden = !visible;
  if (visible) say(notice.textContent);
}

function update(now, next) {
  const before = marks(now);
  const focused = now.contains(document.activeElement) ? document.activeElement : null;
  const row = focused?.closest('[data-status]')?.id;
  const opened = [...now.querySelectorAll('details[open]')].map((details) => details.id);
  for (const id of opened) next.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');

  morph(now, next);

  if (focused && !focused.isConnected) {
    const ids = [focused.id, row, 'history', 'main'].filter(Boolean);
    ids.map((id) => document.getElementById(id)).find((element) => element && !element.disabled)?.focus();
  }
  announce(before);
}

// What becomes of an export is said at once; how far it has come, at each quarter.
function announce(before) {
  const rows = [...document.querySelectorAll('[data-live] [data-status]')].filter((row) => before.has(row.id));
  const ended = rows.filter((row) => before.get(row.id).status !== row.dataset.status);
  const further = rows.filter((row) => before.get(row.id).quarter !== row.dataset.quarter && !ended.includes(row));
  const mayTell = performance.now() - lastSaid >= SAID;
  const news = [...ended, ...(mayTell ? further : [])];
  if (news.length === 0) return;
  if (mayTell && further.length > 0) lastSaid = performance.now();
  say(news.map((row) => row.dataset.announce).join(' '));
}

function say(text) {
  const announcer = document.querySelector('dialog[open] [data-announcer]') ?? document.querySelector('body > [data-announcer]');
  if (announcer) announcer.textContent = text;
}

function marks(within) {
  return new Map([...within.querySelectorAll('[data-status]')].map((row) => [row.id, { ...row.dataset }]));
}

// Makes `now` equal to `next`, keeping every element that is the same, so that focus and selection stay where they are.
function morph(now, next) {
  if (now.isEqualNode(next)) return;
  if (now.nodeName !== next.nodeName || now.id !== next.id) {
    now.replaceWith(next);
  } else if (now.nodeType !== Node.ELEMENT_NODE) {
    now.nodeValue = next.nodeValue;
  } else {
    for (const name of now.getAttributeNames()) if (!next.hasAttribute(name)) now.removeAttribute(name);
    for (const name of next.getAttributeNames()) {
      if (now.getAttribute(name) !== next.getAttribute(name)) now.setAttribute(name, next.getAttribute(name));
    }
    const [mine, theirs] = [[...now.childNodes], [...next.childNodes]];
    if (mine.length === theirs.length) mine.forEach((child, place) => morph(child, theirs[place]));
    else now.replaceChildren(...theirs);
  }
}
