/** For so long what is sent is signed with a former secret too. */
export const FORMER_SECRET_HOURS = 24;

/** Former secrets of one webhook that sign still: one rotated by mistake takes none from its receiver. */
export const MAX_FORMER_SECRETS = 4;

/** What signs at this moment, the newest first; of webhooks `w`. */
export const SECRETS = `array_prepend(w.secret, ARRAY(
  SELECT f.secret FROM webhook_former_secrets f WHERE f.webhook_id = w.id AND f.signs_until > now() ORDER BY f.signs_until DESC
)) AS secrets`;
