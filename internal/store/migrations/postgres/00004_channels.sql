-- +goose Up
-- What callers say of a channel, the WhatsApp business account that it is bound to, and how each number stands with the network.
-- read_at is 0 until the network was asked.

ALTER TABLE channel ADD COLUMN description text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN contact_mail text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN country_id text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN facebook_bm_id text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN isv_terms text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN office_address text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN resource_group_id text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_id text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_name text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_currency text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_review_status text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_namespace text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_business_id text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_business_name text NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN waba_read_at bigint NOT NULL DEFAULT 0;
ALTER TABLE business_number ADD COLUMN verified_name text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN status text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN quality text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN messaging_tier text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN code_verification text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN name_status text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN new_name_status text NOT NULL DEFAULT '';
ALTER TABLE business_number ADD COLUMN official smallint NOT NULL DEFAULT 0;
ALTER TABLE business_number ADD COLUMN read_at bigint NOT NULL DEFAULT 0;

-- The generation in which channels, numbers or callbacks have last changed.
ALTER TABLE generation ADD COLUMN channels bigint NOT NULL DEFAULT 1;

-- A channel is bound to one account; where it has numbers of several, that of the oldest counts.
UPDATE channel SET waba_id = coalesce((SELECT n.waba_id FROM business_number n WHERE n.channel_id = channel.id ORDER BY n.created_at, n.number LIMIT 1), '');
CREATE INDEX channel_waba ON channel (waba_id) WHERE waba_id <> '';
CREATE INDEX channel_account ON channel (account_id, id);
CREATE INDEX business_number_channel ON business_number (channel_id, number);

-- +goose Down
DROP INDEX business_number_channel;
DROP INDEX channel_account;
DROP INDEX channel_waba;
ALTER TABLE generation DROP COLUMN channels;
ALTER TABLE business_number DROP COLUMN read_at;
ALTER TABLE business_number DROP COLUMN official;
ALTER TABLE business_number DROP COLUMN new_name_status;
ALTER TABLE business_number DROP COLUMN name_status;
ALTER TABLE business_number DROP COLUMN code_verification;
ALTER TABLE business_number DROP COLUMN messaging_tier;
ALTER TABLE business_number DROP COLUMN quality;
ALTER TABLE business_number DROP COLUMN status;
ALTER TABLE business_number DROP COLUMN verified_name;
ALTER TABLE channel DROP COLUMN waba_read_at;
ALTER TABLE channel DROP COLUMN waba_business_name;
ALTER TABLE channel DROP COLUMN waba_business_id;
ALTER TABLE channel DROP COLUMN waba_namespace;
ALTER TABLE channel DROP COLUMN waba_review_status;
ALTER TABLE channel DROP COLUMN waba_currency;
ALTER TABLE channel DROP COLUMN waba_name;
ALTER TABLE channel DROP COLUMN waba_id;
ALTER TABLE channel DROP COLUMN resource_group_id;
ALTER TABLE channel DROP COLUMN office_address;
ALTER TABLE channel DROP COLUMN isv_terms;
ALTER TABLE channel DROP COLUMN facebook_bm_id;
ALTER TABLE channel DROP COLUMN country_id;
ALTER TABLE channel DROP COLUMN contact_mail;
ALTER TABLE channel DROP COLUMN description;
