// Choosing people and conversations by typing part of a name: a combobox with a list below it, as the ARIA Authoring Practices
// describe it (editable, with list autocomplete, the focus staying in the field). What is chosen becomes a chip with the
// hidden field that the form sends. Listens on the document, so that it also serves what dialog.js shows.

const PAUSE = 150;
let timer = 0;
let asked = new AbortController();

prepare();
document.addEventListener('page:shown', prepare);
document.addEventListener('dialog:filled', prepare);

function prepare() {
  for (const filter of document.querySelectorAll('[data-choose]:not([data-prepared])')) {
    filter.dataset.prepared = '';
    const input = filter.querySelector('.search input');
    const list = document.createElement('ul');
    list.id = `${filter.dataset.choose}-options`;
    list.className = 'options';
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', filter.querySelector('label').textContent);
    list.hidden = true;
    filter.querySelector('.search').append(list);
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', list.id);
    input.setAttribute('aria-expanded', 'false');
  }
}

document.addEventListener('input', (event) => {
  const filter = event.target.closest('[data-choose]');
  if (!filter || event.target.getAttribute('role') !== 'combobox') return;
  asked.abort();
  clearTimeout(timer);
  if (event.target.value.trim() === '') close(filter);
  else timer = setTimeout(() => search(filter), PAUSE);
});

async function search(filter) {
  const input = field(filter);
  asked = new AbortController();
  const { signal } = asked;
  const query = new URLSearchParams([[filter.dataset.choose, input.value]]);
  try {
    const response = await fetch(`/administration/exports/find?${query}`, {
      headers: { Accept: 'text/html' },
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(20000)]),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const found = page.querySelector('ul');
    if (!signal.aborted && input.isConnected) show(filter, found);
  } catch {
    if (signal.aborted) return;
    close(filter);
    announce('The server cannot be reached. Type on to try again.');
  }
}

function show(filter, found) {
  const list = options(filter);
  const taken = new Set(chosen(filter));
  const all = [...found.children].filter((option) => !taken.has(option.dataset.id));
  list.replaceChildren(...all);
  if (all.length === 0) {
    const nothing = document.createElement('li');
    nothing.className = 'quiet';
    nothing.setAttribute('role', 'option');
    nothing.setAttribute('aria-disabled', 'true');
    nothing.textContent = found.children.length > 0 ? 'All that were found are chosen' : 'Nothing found';
    list.append(nothing);
  }
  list.hidden = false;
  field(filter).setAttribute('aria-expanded', 'true');
  mark(filter, null);
  announce(all.length === 0 ? list.textContent : found.dataset.words);
}

document.addEventListener('keydown', (event) => {
  const filter = event.target.closest?.('[data-choose]');
  if (!filter || event.target !== field(filter) || event.isComposing) return;
  const open = !options(filter).hidden;
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    if (open) step(filter, event.key === 'ArrowDown' ? 1 : -1);
    else if (event.target.value.trim() !== '') search(filter);
  } else if (event.key === 'Enter') {
    const option = marked(filter);
    // With something typed, Enter chooses; it never sends an export that holds more than was meant.
    if (open || event.target.value.trim() !== '') event.preventDefault();
    if (open && option) choose(filter, option);
    else if (event.target.value.trim() !== '') search(filter);
  } else if (event.key === 'Escape' && (open || event.target.value !== '')) {
    // The first Escape closes the list, the second clears the field; the dialog around it stays.
    event.preventDefault();
    event.stopPropagation();
    if (open) close(filter);
    else event.target.value = '';
  } else if (event.key === 'Tab' && open) {
    close(filter);
  } else if (event.key === 'Backspace' && event.target.value === '') {
    filter.querySelector('[data-chosen] li:last-child')?.querySelector('[data-remove]')?.focus();
  }
});

function step(filter, by) {
  const all = [...options(filter).querySelectorAll('[role=option]:not([aria-disabled])')];
  if (all.length === 0) return;
  const place = all.indexOf(marked(filter));
  const next = place < 0 ? (by > 0 ? 0 : all.length - 1) : (place + by + all.length) % all.length;
  mark(filter, all[next]);
}

function mark(filter, option) {
  marked(filter)?.setAttribute('aria-selected', 'false');
  if (option) {
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    field(filter).setAttribute('aria-activedescendant', option.id);
  } else {
    field(filter).removeAttribute('aria-activedescendant');
  }
}

// Before the field loses the focus, which would close the list.
document.addEventListener('mousedown', (event) => {
  if (event.target.closest('.options')) event.preventDefault();
});

document.addEventListener('click', (event) => {
  const option = event.target.closest('.options [role=option]:not([aria-disabled])');
  if (option) choose(option.closest('[data-choose]'), option);
  const remove = event.target.closest('[data-remove]');
  if (remove) {
    event.preventDefault();
    drop(remove);
  }
});

document.addEventListener('focusout', (event) => {
  const filter = event.target.closest?.('[data-choose]');
  if (filter && event.target === field(filter) && !filter.contains(event.relatedTarget)) close(filter);
});

function choose(filter, option) {
  const most = Number(filter.dataset.most);
  if (chosen(filter).length >= most) {
    announce(`No more than ${most} can be chosen.`);
    return;
  }
  const { id, name } = option.dataset;
  const chip = document.createElement('li');
  chip.className = 'chip';
  const hidden = document.createElement('input');
  Object.assign(hidden, { type: 'hidden', name: filter.dataset.choose, value: id });
  const label = document.createElement('bdi');
  label.textContent = name;
  const remove = document.createElement('button');
  Object.assign(remove, { type: 'button', className: 'remove' });
  remove.dataset.remove = '';
  const words = document.createElement('span');
  words.className = 'hidden';
  words.append('Remove ', label.cloneNode(true));
  const cross = document.createElement('span');
  cross.setAttribute('aria-hidden', 'true');
  cross.textContent = '×';
  remove.append(words, cross);
  chip.append(hidden, label, remove);
  filter.querySelector('[data-chosen]').append(chip);
  field(filter).value = '';
  forgive(filter);
  close(filter);
  field(filter).focus();
  announce(`${name} is chosen.`);
  filter.dispatchEvent(new Event('change', { bubbles: true }));
}

function drop(remove) {
  const filter = remove.closest('[data-choose]');
  const chip = remove.closest('li');
  const name = chip.querySelector('bdi').textContent;
  const neighbour = chip.nextElementSibling ?? chip.previousElementSibling;
  chip.remove();
  (neighbour?.querySelector('[data-remove]') ?? field(filter)).focus();
  forgive(filter);
  announce(`${name} is removed.`);
  filter.dispatchEvent(new Event('change', { bubbles: true }));
}

// A message about what was chosen before no longer holds.
function forgive(filter) {
  field(filter).removeAttribute('aria-invalid');
  field(filter).setAttribute('aria-describedby', `${filter.dataset.choose}-hint`);
  filter.querySelector('.field-error')?.remove();
}

function close(filter) {
  asked.abort();
  clearTimeout(timer);
  options(filter).hidden = true;
  field(filter).setAttribute('aria-expanded', 'false');
  mark(filter, null);
}

function field(filter) {
  return filter.querySelector('.search input');
}

function options(filter) {
  return filter.querySelector('.options');
}

function marked(filter) {
  return options(filter).querySelector('[aria-selected=true]');
}

function chosen(filter) {
  return [...filter.querySelectorAll('[data-chosen] input')].map((input) => input.value);
}

function announce(text) {
  const announcer = document.querySelector('dialog[open] [data-announcer]') ?? document.querySelector('[data-announcer]');
  if (announcer) announcer.textContent = text;
}
