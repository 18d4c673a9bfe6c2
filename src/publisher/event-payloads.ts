export interface BackupError {
  /** Such as `compression` or `upload`; sent as `backup_compression`. */
  type: string;
  message: string;
  file?: string | null;
}

export interface BackupSuccess {
  file: string;
  sizeMb: number;
  durationSeconds: number;
}

export interface MinecraftStatus {
  status: 'online' | 'offline' | 'starting' | 'stopping';
  ip?: string | null;
  /** 25565 unless given. */
  port?: number;
  /** 0 unless given. */
  playersOnline?: number;
}

export interface CodespaceStatus {
  action: 'started' | 'stopped' | 'error';
  /** Shown as one field each. */
  details?: object;
}

export interface TypedEvent {
  type: string;
  payload: Record<string, unknown>;
}

export function backupError({ type, message, file }: BackupError): TypedEvent {
  const payload = { error_type: `backup_${type}`, error_message: message, backup_file: file ?? null };
  return { type: 'backup_error', payload };
}

export function backupSuccess({ file, sizeMb, durationSeconds }: BackupSuccess): TypedEvent {
  const payload = { backup_file: file, size_mb: twoDecimals(sizeMb), duration_seconds: twoDecimals(durationSeconds) };
  return { type: 'backup_success', payload };
}

export function minecraftStatus({ status, ip, port = 25_565, playersOnline = 0 }: MinecraftStatus): TypedEvent {
  return { type: 'minecraft_status', payload: { status, ip: ip ?? null, port, players_online: playersOnline } };
}

export function codespaceStatus({ action, details = {} }: CodespaceStatus): TypedEvent {
  return { type: 'codespace_status', payload: { action, details } };
}

/** A copy of the payload that names the codespace and the time, unless it does so itself. */
export function stamped(payload: object, codespaceName: string): Record<string, unknown> {
  const {
    codespace_name = codespaceName,
    timestamp = new Date().toISOString(),
    ...rest
  } = payload as Record<string, unknown>;
  return { ...rest, codespace_name, timestamp };
}

function twoDecimals(value: number): number {
  return typeof value === 'number' ? Number(value.toFixed(2)) : value;
}
