-- +goose Up
-- Where receipts go. A row with number 0 holds for all numbers of its channel; one with a number goes before it.
CREATE TABLE callback (
    channel_id INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    status_url TEXT    NOT NULL,
    up_url     TEXT    NOT NULL,
    http       TEXT    NOT NULL, -- Y, N, or empty when nobody has said
    queue      TEXT    NOT NULL, -- likewise
    secret     BLOB,             -- sealed; NULL when receipts are not signed
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, number)
) WITHOUT ROWID;

-- How many events of a group have been numbered, as far as they have been forgotten.
ALTER TABLE chat_group ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

-- An event is what can be pushed and pulled: what happened in a group, and messages and statuses, which have no group where they
-- were written to a person alone.
ALTER TABLE event ADD COLUMN number INTEGER NOT NULL DEFAULT 0; -- the business number it is about
ALTER TABLE event ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;    -- among what happened in the group, from 1 without a gap; 0 for messages and statuses
ALTER TABLE event ADD COLUMN place INTEGER NOT NULL DEFAULT 0;  -- in the stream of its number; 0 until it has one
ALTER TABLE event ADD COLUMN dedupe TEXT;                       -- what tells a repeated report of a message or a status
UPDATE event SET number = coalesce((SELECT g.number FROM chat_group g WHERE g.id = event.group_id), 0), place = id;
UPDATE event SET seq = numbered.seq
    FROM (SELECT id, row_number() OVER (PARTITION BY group_id ORDER BY id) AS seq FROM event) AS numbered WHERE numbered.id = event.id;
CREATE UNIQUE INDEX event_group ON event (group_id, seq) WHERE seq > 0;
CREATE INDEX event_place ON event (number, place);
CREATE INDEX event_stream ON event (group_id, place); -- what there is to tell of one group
CREATE UNIQUE INDEX event_dedupe ON event (dedupe) WHERE dedupe IS NOT NULL;

-- +goose Down
DROP INDEX event_dedupe;
DROP INDEX event_stream;
DROP INDEX event_place;
DROP INDEX event_group;
DELETE FROM event WHERE seq = 0;
DELETE FROM outbox WHERE lane_kind = 2;
ALTER TABLE event DROP COLUMN dedupe;
ALTER TABLE event DROP COLUMN place;
ALTER TABLE event DROP COLUMN seq;
ALTER TABLE event DROP COLUMN number;
ALTER TABLE chat_group DROP COLUMN told;
DROP TABLE callback;
