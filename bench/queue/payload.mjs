/** What every job of the benchmark carries. */
export const payload = {
  error_type: 'backup_compression',
  error_message: 'No space left on device',
  codespace_name: 'fluffy-train',
  timestamp: '2026-01-01T00:00:00.000Z',
};
