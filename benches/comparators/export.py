#!/usr/bin/env python3
"""What a user would write: the conversations of an account as a zip, with nothing but Python's standard library.

    export.py DATABASE ACCOUNT ARCHIVE.zip

A folder for each conversation, a JSON file for each day in it, names in every record, edit logs, and the two lists. The
benchmark compares the day files with ours byte for byte. What the script leaves out: deleted items, tasks and events,
days of other time zones, a cut while people go on writing, check sums, a manifest, and reading the archive back.
"""

import json
import re
import sqlite3
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from itertools import groupby

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment(micros):
    at = EPOCH + timedelta(microseconds=micros)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def dump(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def lines(records):
    return "[\n" + ",\n".join(map(dump, records)) + "\n]\n"


def folder_of(conversation, kind, readable):
    suffix = f" - {conversation}"
    clean = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", readable).strip(" .")[: 100 - len(suffix)].rstrip(" .")
    return f"{'Team_Chats' if kind == 'Team' else 'People_Chats'}/{clean}{suffix}"


def items_of(db, people, conversation, name):
    edits = {}
    for item, at, editor, text in db.execute(
        "SELECT item_id, edited_at, editor_id, text FROM item_edits WHERE conversation_id = ?"
        " ORDER BY item_id, edited_at, id",
        (conversation,),
    ):
        edits.setdefault(item, []).append((at, editor, text))
    reference = {"id": str(conversation), "name": name}
    for number, id, kind, author, at, text in db.execute(
        "SELECT id, external_id, kind, author_id, created_at, text FROM items WHERE conversation_id = ?"
        " ORDER BY created_at, id",
        (conversation,),
    ):
        log = []
        for edited_at, editor, after in edits.get(number, ()):
            log.append({"editedAt": moment(edited_at), "editor": people[editor], "textBefore": text})
            text = after
        record = {
            "id": id,
            "type": kind,
            "conversation": reference,
            "createdAt": moment(at),
            "author": people[author],
            "text": text,
        }
        if log:
            record["edits"] = log
        yield record


def main(database, account, archive):
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    people = {
        id: {"id": str(id), "name": name, "email": email, "account": company}
        for id, name, email, company in db.execute(
            "SELECT users.id, users.name, email, accounts.name FROM users JOIN accounts ON accounts.id = account_id"
        )
    }
    conversations = db.execute(
        "SELECT conversations.id, kind, conversations.name FROM conversations"
        " JOIN conversation_accounts ON conversation_id = conversations.id JOIN accounts ON accounts.id = account_id"
        " WHERE accounts.name = ? ORDER BY conversations.id",
        (account,),
    ).fetchall()
    lists = {"People_And_Groups/users.json": [], "Teams/teams.json": []}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for conversation, kind, name in conversations:
            members = [
                people[user]
                for user, in db.execute(
                    "SELECT DISTINCT user_id FROM membership_events WHERE conversation_id = ? ORDER BY user_id",
                    (conversation,),
                )
            ]
            name = name or ", ".join(member["name"] for member in members)
            folder = folder_of(conversation, kind, name)
            count = 0
            for day, items in groupby(
                items_of(db, people, conversation, name), key=lambda record: record["createdAt"][:10]
            ):
                items = list(items)
                count += len(items)
                out.writestr(f"{folder}/{day}.json", lines(items))
            entry = {"id": str(conversation), "type": kind, "name": name, "folder": folder}
            entry |= {"members": members, "itemCount": count}
            lists["Teams/teams.json" if kind == "Team" else "People_And_Groups/users.json"].append(entry)
        for path, entries in lists.items():
            out.writestr(path, lines(entries))


main(*sys.argv[1:])
