/** Names and intervals shared by the scripts: what the server understands, and how often we act. */

export const EVENT = {
  subscribe: "subscribe",
  unsubscribe: "unsubscribe",
  progress: "progress",
  state: "state",
};

export const ENDED = new Set(["done", "failed", "cancelled"]);

export const STATE_WORD = {
  queued: "Waiting",
  running: "Painting",
  done: "Finished",
  failed: "Failed",
  cancelled: "Cancelled",
  gone: "Deleted",
};

export const POLL_MS = 3_000;
export const ACK_TIMEOUT_MS = 8_000;
export const RECONNECT_MAX_MS = 5_000;
export const DECODE_TIMEOUT_MS = 2_000;
/** So long nobody may have typed before it is asked how long a painting will take. */
export const ESTIMATE_PAUSE_MS = 250;
/** So long nobody may have changed anything before a draft is asked for. */
export const DRAFT_PAUSE_MS = 300;
/** A draft that has not begun by then has to wait for a painter. */
export const DRAFT_PATIENCE_MS = 2_000;
/** So long nobody may have touched the gallery before it is hung anew. */
export const QUIET_MS = 1_500;
export const ANNOUNCE_MS = 10_000;
/** A shorter break of the connection is not worth a word on the page. */
export const INTERRUPTION_MS = 2_500;
