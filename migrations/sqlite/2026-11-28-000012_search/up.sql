-- The search for people and conversations.

-- What somebody's name and address are searched by (`domain::rules::people::key`): without case and accents, a line for each
-- place from which one can begin to type them. Rows made before this get as much of it as SQL can say.
ALTER TABLE users ADD COLUMN search_key TEXT NOT NULL DEFAULT '';
UPDATE users SET search_key = '

' || lower(name) || '
' || coalesce(email, '');
-- The same of a Team's name; other conversations have none, and are searched by their people.
ALTER TABLE conversations ADD COLUMN search_key TEXT;
UPDATE conversations SET search_key = '

' || lower(name) WHERE name IS NOT NULL;
-- Most conversations have no name: the search looks at the others only. Of their number, as names may be too long for an index.
CREATE INDEX conversations_named ON conversations (id) WHERE search_key IS NOT NULL;
