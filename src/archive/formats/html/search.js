// The search of an archive that was opened from a disk. A page may load nothing from there but scripts, so what is searched
// are scripts: each hands its records to one of the two functions of `reading`, is looked through, and is forgotten. They are
// numbered, and the last one says so. What people have written is only ever put into a page as text.
(() => {
  "use strict";

  const STEP = 200; // items shown before going on is asked for
  const NAMES = 50; // conversations shown
  const AROUND = 120; // letters shown before and after what was found
  const QUIET = 400; // milliseconds between two words about the progress

  const form = document.getElementById("search");
  const field = document.getElementById("words");
  const stop = document.getElementById("stop");
  const progress = document.getElementById("progress");
  const found = document.getElementById("found");
  const grouped = new Intl.NumberFormat("en");
  let given = null; // what the script that was just loaded has handed over
  let current = 0; // the search that goes on: an older one ends

  globalThis.reading = Object.freeze({
    names: (rows, last) => { given = { rows, last }; },
    texts: (rows, last) => { given = { rows, last }; },
  });

  /** Loads one script after the other: its records, and whether it is the last; nothing if it is not there. */
  const load = (path) => new Promise((resolve) => {
    const script = document.createElement("script");
    const end = (result) => { script.remove(); given = null; resolve(result); };
    script.onload = () => end(given);
    script.onerror = () => end(null);
    given = null;
    script.src = `./Reading/search/${path}.js`;
    document.head.append(script);
  });

  /** The words and phrases that were asked for. */
  const wanted = (text) => {
    const words = [];
    for (const [, straight, curved, word] of text.matchAll(/"([^"]+)"|“([^”]+)”|(\S+)/gu)) {
      const phrase = (straight ?? curved ?? word).replace(/["“”]/gu, "").trim().normalize("NFC");
      if (phrase) words.push(phrase.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"));
    }
    return words;
  };

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const link = (address, text) => {
    const made = element("a");
    made.href = address;
    made.append(element("bdi", text));
    return made;
  };

  /** The stretch of a text around what was found, with that marked. */
  const snippet = (text, any, label) => {
    const shown = element("p", undefined, "text");
    shown.dir = "auto";
    if (label) shown.append(element("span", label, "tag"), " ");
    any.lastIndex = 0;
    const first = any.exec(text);
    const at = first ? first.index : 0;
    // Not in the midst of a letter that has two halves.
    const whole = (place) => (/[\uDC00-\uDFFF]/u.test(text.charAt(place)) ? place + 1 : place);
    const begin = at > AROUND ? whole(at - AROUND) : 0;
    const end = whole(Math.min(text.length, at + (first ? first[0].length : 0) + AROUND));
    const part = text.slice(begin, end);
    if (begin > 0) shown.append("…");
    let from = 0;
    any.lastIndex = 0;
    for (const match of part.matchAll(any)) {
      shown.append(part.slice(from, match.index), element("mark", match[0]));
      from = match.index + match[0].length;
    }
    shown.append(part.slice(from), end < text.length ? "…" : "");
    return shown;
  };

  const begun = (id) => current === id;

  async function searchNames(id, each, any) {
    const list = element("ul", undefined, "chats");
    let count = 0;
    for (let number = 1; begun(id); number += 1) {
      const shard = await load(`names-${number}`);
      if (!shard || !begun(id)) break;
      for (const [name, address, items, people] of shard.rows) {
        const all = `${name}\n${people}`;
        if (!each.every((word) => word.test(all))) continue;
        count += 1;
        if (count > NAMES) continue;
        const row = element("li");
        row.append(link(address, name || "(no name)"), " ");
        row.append(element("span", `${grouped.format(items)} ${items === 1 ? "item" : "items"}`, "facts"));
        if (!each.every((word) => word.test(name))) row.append(snippet(people.replaceAll("\n", ", "), any, "With"));
        list.append(row);
      }
      if (shard.last) break;
    }
    if (!begun(id) || count === 0) return;
    const section = element("section");
    section.append(element("h2", `${grouped.format(count)} ${count === 1 ? "conversation" : "conversations"} by name`), list);
    if (count > NAMES) section.append(element("p", `The first ${NAMES} are shown.`, "quiet"));
    found.prepend(section);
  }

  function item(row, chat, address, day, any, each) {
    const [place, time, author, text, before = ""] = row;
    const made = element("li");
    const head = element("p", undefined, "by");
    head.append(link(`${address}#${place}`, `${day}, ${time}`), " ");
    head.append(element("b"), " ", element("span", undefined, "quiet"));
    head.querySelector("b").append(element("bdi", author || "Unknown author"));
    head.querySelector(".quiet").append(element("bdi", chat));
    made.append(head);
    const inText = each.some((word) => word.test(text));
    made.append(snippet(text, any));
    if (before && (!inText || each.some((word) => word.test(before)))) made.append(snippet(before, any, "Before an edit"));
    return made;
  }

  async function searchTexts(id, each, any) {
    const section = element("section");
    const heading = element("h2", "Items");
    const list = element("ol", undefined, "items results");
    section.append(heading, list);
    const total = Number(form.dataset.items);
    const missing = [];
    let [searched, count, said] = [0, 0, 0];
    const say = (ended) => {
      const now = performance.now();
      if (!ended && now - said < QUIET) return;
      said = now;
      const many = `${grouped.format(count)} ${count === 1 ? "item" : "items"} found`;
      const lost = missing.length ? ` Not searched, because not unpacked here: part ${missing.join(", ")}.` : "";
      progress.textContent = (ended ? `${many}. ${grouped.format(searched)} searched.`
        : `${many}. Searched ${grouped.format(searched)} of ${grouped.format(total)} …`) + lost;
      heading.textContent = many;
    };
    const goOn = () => new Promise((resolve) => {
      const button = element("button", "Go on searching");
      button.type = "button";
      section.append(button);
      progress.textContent = `${grouped.format(count)} items found so far. Searched ${grouped.format(searched)} of ${grouped.format(total)}.`;
      stop.hidden = true;
      button.addEventListener("click", () => { button.remove(); stop.hidden = false; field.focus(); resolve(); });
    });
    found.append(section);
    let next = STEP;
    for (let part = Number(form.dataset.first); part <= Number(form.dataset.last); part += 1) {
      for (let number = 1; ; number += 1) {
        const shard = await load(`${part}-${number}`);
        if (!begun(id)) return;
        if (!shard) { missing.push(part); break; }
        for (const [chat, address, day, rows] of shard.rows) {
          for (const row of rows) {
            searched += 1;
            const own = `${row[2]}\n${row[3]}\n${row[4] ?? ""}`;
            let named = true;
            let hit = false;
            for (const word of each) {
              if (word.test(own)) hit = true;
              else if (!word.test(chat)) { named = false; break; }
            }
            if (!named || !hit) continue;
            if (count === next) {
              await goOn();
              if (!begun(id)) return;
              next += STEP;
            }
            count += 1;
            list.append(item(row, chat, address, day, any, each));
          }
        }
        say(false);
        if (shard.last) break;
      }
    }
    say(true);
  }

  async function search() {
    const words = wanted(field.value);
    current += 1;
    const id = current;
    found.replaceChildren();
    progress.textContent = "";
    stop.hidden = true;
    location.replace(`#q=${encodeURIComponent(field.value)}`);
    if (words.length === 0) return;
    const each = words.map((word) => new RegExp(word, "iu"));
    const any = new RegExp(words.join("|"), "giu");
    stop.hidden = false;
    progress.textContent = "Searching …";
    await searchNames(id, each, any);
    if (begun(id)) await searchTexts(id, each, any);
    if (begun(id)) stop.hidden = true;
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  stop.addEventListener("click", () => { current += 1; stop.hidden = true; progress.textContent += " Stopped."; field.focus(); });
  form.hidden = false;
  const asked = location.hash.match(/^#q=(.+)/u);
  if (asked) {
    try { field.value = decodeURIComponent(asked[1]); } catch { field.value = ""; }
    search();
  }
})();
