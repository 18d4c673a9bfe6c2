/** How to reach the database, whichever it is. A Unix socket is written `postgresql://user@/name?host=/directory`. */
export interface DatabaseConnection {
  url: string;
}
