/** What the peers send: the same d-zone frame that Guildcast's WebSocket clients get, so that sizes are alike. */
export function dZoneFrame(text, offset) {
  return {
    type: 'message',
    server: '232769614004748288',
    data: { uid: '123456789012345001', message: text, channel: '527964146659229701' },
    cursor: `abcdefghijkl:${offset}`,
  };
}
