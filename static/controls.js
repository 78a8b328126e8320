// Small comforts for what works without them: the profile menu, the date presets, Copy, and one sending of a form.
// Listens on the document, so that it also serves what dialog.js and history.js put into the page later.

document.documentElement.classList.add('js');
if (!navigator.clipboard) document.documentElement.classList.add('no-clipboard');

function closeMenu(menu, focus) {
  menu.open = false;
  if (focus) menu.querySelector('summary').focus();
}

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details[data-menu][open]')) {
    if (!menu.contains(event.target)) closeMenu(menu, false);
  }

  const preset = event.target.closest('a[data-first][data-last]');
  if (preset && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const form = preset.closest('form');
    form.elements.first_day.value = preset.dataset.first;
    form.elements.last_day.value = preset.dataset.last;
    form.dispatchEvent(new Event('change', { bubbles: true }));
    announce(`${preset.textContent}: ${preset.title}`);
  }

  const copy = event.target.closest('button[data-copy]');
  if (copy) {
    // What it says, or else the text of what stands before it.
    navigator.clipboard.writeText(copy.dataset.copy || copy.previousElementSibling.textContent).then(
      () => { said(copy, 'Copied'); announce('Copied'); },
      () => announce('It could not be copied. Select the text instead.'),
    );
  }
});

// Says on the button what it has done, for a moment.
function said(button, text) {
  const words = button.firstChild;
  button.dataset.words ??= words.nodeValue;
  words.nodeValue = text;
  button.classList.add('copied');
  setTimeout(() => {
    words.nodeValue = button.dataset.words;
    button.classList.remove('copied');
  }, 2000);
}

document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' && document.querySelector('details[data-menu][open]');
  if (menu) closeMenu(menu, true);
});

document.addEventListener('focusout', (event) => {
  const menu = event.target.closest?.('details[data-menu][open]');
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) closeMenu(menu, false);
});

// A second click while the first is under way sends nothing. Coming back with the browser's Back button allows it again.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  if ('sent' in form.dataset) event.preventDefault();
  form.dataset.sent = '';
});

window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

function announce(text) {
  const announcer = document.querySelector('dialog[open] [data-announcer]') ?? document.querySelector('[data-announcer]');
  if (announcer) announcer.textContent = text;
}
