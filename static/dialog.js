// Opens links and forms marked data-dialog as dialogs: fetches their page and shows its [data-dialog-content]. Whatever
// is not as expected (a refusal, the sign-in page, no connection) falls back to what happens without scripts.

let opener = null;

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-dialog]');
  if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(link.href, link);
    return;
  }
  const dialog = event.target.closest('dialog');
  if (dialog && event.target.closest('[data-close]')) {
    event.preventDefault();
    dialog.close();
  }
});

// Before controls.js sees it: a form that stays on the page must be able to be sent again.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.matches('[data-dialog]')) {
    event.preventDefault();
    open(form.action, event.submitter ?? form.querySelector('button'));
  } else if (form.closest('dialog') && form.method === 'post') {
    event.preventDefault();
    send(form, event.submitter);
  }
}, { capture: true });

// The page that a form led to may have replaced another one under the same history: read it anew.
window.addEventListener('popstate', () => location.reload());

async function open(address, from) {
  if (from.ariaBusy === 'true') return;
  from.ariaBusy = 'true';
  let content = null;
  try {
    const response = await fetch(address, { headers: { Accept: 'text/html' } });
    if (response.ok && !response.redirected) content = contentOf(parse(await response.text()));
  } catch {
    // No connection: the browser's own page says so.
  } finally {
    from.ariaBusy = null;
  }
  if (!content) {
    location.assign(address);
    return;
  }
  opener = from;
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'dialog-heading');
  dialog.addEventListener('close', () => {
    dialog.remove();
    // The opener itself, or what has taken its place since.
    (opener.isConnected ? opener : document.getElementById(opener.id))?.focus();
  });
  fill(dialog, content);
  document.body.append(dialog);
  dialog.showModal();
  for (const module of content.dataset.modules?.split(' ') ?? []) import(module);
  document.dispatchEvent(new CustomEvent('dialog:filled'));
  (dialog.querySelector('input:not([type=hidden], [tabindex])') ?? dialog.querySelector('[data-close]'))?.focus();
}

async function send(form, submitter) {
  if (form.ariaBusy === 'true') return;
  form.ariaBusy = 'true';
  const dialog = form.closest('dialog');
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { Accept: 'text/html' },
      body: new URLSearchParams(new FormData(form, submitter)),
    });
    const page = parse(await response.text());
    const content = contentOf(page);
    if (content && !response.redirected) {
      const focused = document.activeElement?.id;
      fill(dialog, content);
      document.dispatchEvent(new CustomEvent('dialog:filled'));
      focusProblem(dialog, focused);
    } else {
      show(page, response);
    }
  } catch {
    form.ariaBusy = null;
    form.querySelector('[data-no-connection]')?.remove();
    const message = document.createElement('p');
    message.className = 'notice error';
    message.setAttribute('role', 'alert');
    message.dataset.noConnection = '';
    message.textContent = 'The server cannot be reached. Check your connection, then try again: nothing is done twice.';
    form.prepend(message);
  }
}

// Shows the page that a form led to. It has been fetched already, and what it says once (“Access saved”) is not said
// again, so it takes the place of this page instead of being fetched a second time.
function show(page, response) {
  const from = opener?.id;
  if (response.redirected && response.url !== location.href) history.pushState(null, '', response.url);
  document.title = page.title;
  document.body.replaceWith(page.body);
  document.dispatchEvent(new CustomEvent('page:shown'));
  const flash = document.querySelector('[data-flash]');
  const target = document.getElementById(from);
  (flash && target && !target.disabled ? target : document.getElementById('main'))?.focus();
  // Said after the focus has moved, or it would be talked over.
  const announcer = document.querySelector('[data-announcer]');
  if (flash && announcer) setTimeout(() => { announcer.textContent = flash.textContent; }, 300);
}

function fill(dialog, content) {
  const heading = content.querySelector('h1');
  if (heading) {
    // The page beneath has its own.
    const lower = document.createElement('h2');
    lower.id = heading.id;
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
  content.classList.remove('card');
  const announcer = document.createElement('p');
  announcer.className = 'hidden';
  announcer.setAttribute('aria-live', 'polite');
  announcer.dataset.announcer = '';
  dialog.replaceChildren(content, announcer);
}

// What is wrong; if nothing is, what had the focus before.
function focusProblem(dialog, before) {
  const problem = dialog.querySelector('[aria-invalid=true]') ?? dialog.querySelector('[data-error]');
  (problem ?? document.getElementById(before) ?? dialog.querySelector('[data-close]'))?.focus();
}

function parse(text) {
  return new DOMParser().parseFromString(text, 'text/html');
}

function contentOf(page) {
  return page.querySelector('[data-dialog-content]');
}
