/** When a target that fails is left alone, and when for good. Times in seconds. */
export const destinationPolicy = {
  /** Failures in a row from which on it gets one try at a time, after a pause each. At least 2. */
  openAfter: 5,
  /** The pause after that failure, after the next one, …; the last one stays. */
  pauses: [30, 60, 120, 240, 480, 900, 1_800, 3_600],
  /** How long others wait for the result of such a try, unless it comes. */
  probeSeconds: 60,
  /** Different notifications in a row that it refused for good until it is switched off. */
  offAfterRefusals: 3,
  /** How long it has failed, without anything that arrived, until it is switched off. */
  offAfterSeconds: 86_400,
  /** A target that has not failed again for so long is forgotten. */
  forgottenAfterSeconds: 172_800,
} as const;
