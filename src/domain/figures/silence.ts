import { type Figure } from './figure.js';

export const silence: Figure = {
  meaning: 'seconds since the last message',
  read: (guild) => guild.silence,
};
