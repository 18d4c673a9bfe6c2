/** The settings of all sources in one object. A source injects it as the type that its own settings have. */
export const SOURCE_SETTINGS = Symbol('SOURCE_SETTINGS');
