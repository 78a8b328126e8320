-- What a user would write with the sqlite3 shell: the same day files and lists as export.py, in the present folder, for an
-- archiver to pack. sqlite3 DATABASE < day_files.sql
.bail on
PRAGMA temp_store = MEMORY;

CREATE TEMP TABLE people AS
SELECT users.id, json_object('id', CAST(users.id AS TEXT), 'name', users.name, 'email', email, 'account', accounts.name) AS person
FROM users JOIN accounts ON accounts.id = account_id;
CREATE UNIQUE INDEX temp.people_by_id ON people (id);

CREATE TEMP TABLE rooms AS
SELECT conversations.id, kind, coalesce(conversations.name, (
    SELECT group_concat(name, ', ') FROM (
        SELECT DISTINCT users.id, users.name FROM membership_events JOIN users ON users.id = user_id
        WHERE conversation_id = conversations.id ORDER BY users.id
    )
)) AS name, '' AS folder
FROM conversations JOIN conversation_accounts ON conversation_id = conversations.id
JOIN accounts ON accounts.id = account_id WHERE accounts.name = 'Halcyon Ports';
UPDATE rooms SET folder = CASE kind WHEN 'Team' THEN 'Team_Chats/' ELSE 'People_Chats/' END
    || rtrim(substr(name, 1, 97 - length(id)), ' .') || ' - ' || id;
CREATE UNIQUE INDEX temp.rooms_by_id ON rooms (id);

CREATE TEMP TABLE logs AS
SELECT item_id, json_group_array(json_object(
    'editedAt', strftime('%Y-%m-%dT%H:%M:%S', edited_at / 1000000, 'unixepoch')
        || CASE edited_at % 1000000 WHEN 0 THEN '' ELSE printf('.%03d', edited_at / 1000 % 1000) END || 'Z',
    'editor', json(person),
    'textBefore', text_before
)) AS log
FROM (
    SELECT item_id, edited_at, person,
        lag(item_edits.text, 1, items.text) OVER (PARTITION BY item_id ORDER BY edited_at, item_edits.id) AS text_before
    FROM item_edits JOIN items ON items.id = item_id JOIN people ON people.id = editor_id
)
GROUP BY item_id;
CREATE UNIQUE INDEX temp.logs_by_item ON logs (item_id);

.output /dev/null
SELECT writefile(
    folder || '/' || day || '.json',
    '[' || char(10) || group_concat(substr(plain, 1, length(plain) - 1) || more || '}', ',' || char(10)) || char(10) || ']' || char(10)
)
FROM (
    SELECT folder, date(created_at / 1000000, 'unixepoch') AS day, json_object(
        'id', external_id,
        'type', items.kind,
        'conversation', json_object('id', CAST(rooms.id AS TEXT), 'name', rooms.name),
        'createdAt', strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch')
            || CASE created_at % 1000000 WHEN 0 THEN '' ELSE printf('.%03d', created_at / 1000 % 1000) END || 'Z',
        'author', json(person),
        'text', CASE WHEN log IS NULL THEN text ELSE (
            SELECT item_edits.text FROM item_edits WHERE item_id = items.id
            ORDER BY edited_at DESC, item_edits.id DESC LIMIT 1
        ) END
    ) AS plain, CASE WHEN log IS NULL THEN '' ELSE ',"edits":' || log END AS more,
    rooms.id AS room
    FROM rooms CROSS JOIN items ON items.conversation_id = rooms.id JOIN people ON people.id = author_id
    LEFT JOIN logs ON item_id = items.id
    ORDER BY rooms.id, created_at, items.id
)
GROUP BY room, day;

SELECT writefile(
    CASE kind WHEN 'Team' THEN 'Teams/teams.json' ELSE 'People_And_Groups/users.json' END,
    '[' || char(10) || group_concat(entry, ',' || char(10)) || char(10) || ']' || char(10)
)
FROM (
    SELECT kind, json_object(
        'id', CAST(id AS TEXT), 'type', kind, 'name', name, 'folder', folder,
        'members', (
            SELECT json_group_array(json(person)) FROM (
                SELECT DISTINCT user_id, person FROM membership_events JOIN people ON people.id = user_id
                WHERE conversation_id = rooms.id ORDER BY user_id
            )
        ),
        'itemCount', (SELECT count(*) FROM items WHERE conversation_id = rooms.id)
    ) AS entry
    FROM rooms ORDER BY id
)
GROUP BY kind = 'Team';
