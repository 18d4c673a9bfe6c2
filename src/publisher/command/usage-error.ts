/** What was asked cannot be understood; the message is for whoever typed it. */
export class UsageError extends Error {}
