/** The member whose place in the list an event may have changed. */
export function memberTouchedBy({ type, data }) {
  return type === 'presence.updated' || type.startsWith('member.') ? data?.member?.id : undefined;
}
