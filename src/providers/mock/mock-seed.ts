/** Token of the number that the demo worlds grow from; undefined for another life at each start. */
export const MOCK_SEED = Symbol('MOCK_SEED');
