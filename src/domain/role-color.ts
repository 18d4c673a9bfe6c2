/** What Discord's own clients draw a name in when no role of the member has a colour. */
export const defaultRoleColor = '#99aab5';
