/** Who delivers a notification: our workers push it, or a consumer of the operator's pulls it. Never both. */
export const deliveryModes = ['push', 'pull'] as const;
export type DeliveryMode = (typeof deliveryModes)[number];
