import { type Figure } from './figure.js';

export const messagesPerMinute: Figure = {
  meaning: 'messages of the last 60 seconds',
  read: ({ lastMinute }) => lastMinute,
};
