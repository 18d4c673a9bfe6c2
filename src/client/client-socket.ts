/** The part of a socket.io socket that is used here. */
export interface ClientSocket {
  readonly connected: boolean;
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, listener: (content?: unknown) => void): unknown;
  onAny(listener: (event: string, content?: unknown) => void): unknown;
  timeout(ms: number): {
    emit(event: string, content: unknown, acknowledge: (failure: unknown, answer?: unknown) => void): unknown;
  };
}

export interface SocketOptions {
  transports?: ('websocket' | 'polling')[];
  /** Where the server's socket.io is, when not at `/socket.io/`. */
  path?: string;
  /** HTTP headers of the connection; a browser sends them with polling alone. */
  extraHeaders?: Record<string, string>;
}

/** socket.io-client's `io`, or a stand-in for it. Without an address: where the page comes from. */
export type OpenSocket = (url: string | undefined, options: Record<string, unknown>) => ClientSocket;

/** socket.io's own reconnection is off: it knows neither `retryAfter` nor full jitter, nor says when it tries next. */
export function socketOptions({ transports, ...rest }: SocketOptions, timeoutMs: number): Record<string, unknown> {
  return {
    ...rest,
    transports: transports ?? ['websocket', 'polling'],
    tryAllTransports: true,
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    timeout: timeoutMs,
  };
}
