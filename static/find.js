// Finds people while one types (Manage): sends the form as its Find button would, and shows the list that comes back. What
// has been ticked is part of the form, so nothing of it is lost.

// Milliseconds after the last key.
const PAUSE = 150;
let timer = 0;
let asking = null;

document.addEventListener('input', (event) => {
  if (!event.target.matches('[data-find]')) return;
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE, event.target);
});

// Enter would press the form's first button.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('[data-find]')) return;
  event.preventDefault();
  clearTimeout(timer);
  find(event.target);
});

async function find(field) {
  const { form } = field;
  if (!form?.isConnected) return;
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const sent = filled(form);
  try {
    const body = new URLSearchParams(sent);
    body.append('show', 'found');
    const response = await fetch(form.action, { method: 'POST', headers: { Accept: 'text/html' }, body, signal: mine.signal });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const list = page.getElementById('choices');
    if (mine.signal.aborted || !form.isConnected) return;
    // What is not the list (signed out, no access any more) is shown by the button.
    if (!list) return form.requestSubmit(form.querySelector('[name=show]'));
    // Something was ticked meanwhile, which the answer does not know.
    if (filled(form) !== sent) return find(field);
    form.querySelector('#choices').replaceWith(list);
    form.querySelector('#found').textContent = page.getElementById('found').textContent;
  } catch {
    // Typed on meanwhile, or no connection: saving tells so.
  }
}

function filled(form) {
  return new URLSearchParams(new FormData(form)).toString();
}
