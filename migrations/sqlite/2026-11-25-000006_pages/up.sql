-- What the Administration page asks at every look: how many exports of an account are open. Without it that reads the whole
-- history, which grows.
CREATE INDEX export_requests_by_account ON export_requests (account_id, status);
