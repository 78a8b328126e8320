// Keeps what an export would hold up to date while its form is filled in. Asks when nothing has changed for a moment, drops an
// answer that something newer has overtaken, and says the result to screen readers when it is the last one.

const PAUSE = 250;
let timer = 0;
let asked = new AbortController();

document.addEventListener('input', (event) => changed(event.target));
document.addEventListener('change', (event) => changed(event.target));

function changed(target) {
  const form = target.closest('form[data-preview]');
  // What is searched for changes nothing yet.
  if (!form || target.name?.startsWith('find_')) return;
  asked.abort();
  clearTimeout(timer);
  timer = setTimeout(() => refresh(form), PAUSE);
}

async function refresh(form) {
  const now = form.querySelector('#preview');
  if (!now) return;
  asked = new AbortController();
  const { signal } = asked;
  const names = ['first_day', 'last_day', 'person', 'conversation'];
  const query = new URLSearchParams([...new FormData(form)].filter(([name]) => names.includes(name)));
  now.setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(`${form.dataset.preview}?${query}`, {
      headers: { Accept: 'text/html' },
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(20000)]),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.querySelector('#preview');
    if (!next) throw new Error('not a preview');
    if (signal.aborted || !now.isConnected) return;
    // What was opened stays open, and keeps the focus.
    const opened = now.querySelector('details')?.open;
    const focused = now.contains(document.activeElement);
    if (opened) next.querySelector('details')?.setAttribute('open', '');
    now.replaceWith(next);
    if (focused) next.querySelector('summary')?.focus();
    announce(next.dataset.announce);
  } catch {
    if (signal.aborted) return;
    const stale = now.querySelector('[data-stale]');
    if (stale) stale.hidden = false;
    now.removeAttribute('aria-busy');
  }
}

function announce(text) {
  const announcer = document.querySelector('dialog[open] [data-announcer]') ?? document.querySelector('[data-announcer]');
  if (announcer && text) announcer.textContent = text;
}
