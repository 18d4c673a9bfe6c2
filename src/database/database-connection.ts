/** How to reach the database, whichever it is. A Unix socket is written `postgresql://user@localhost/name?host=/directory`. */
export interface DatabaseConnection {
  url: string;
  /** Connections held at most; at least 2, since migrations hold a lock on one and run on another. */
  poolSize?: number;
}
