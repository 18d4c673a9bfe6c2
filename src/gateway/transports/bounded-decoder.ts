import { Decoder } from 'socket.io-parser';

/** Packets of one connection that are no messages: it enters one namespace, and nobody asks it for acknowledgements. */
const mostBesides = 32;

/** Events, with and without binary parts: these are messages, and have a budget of their own. */
const messageTypes = ['2', '5'];

/**
 * socket.io's decoder. Each knock at a namespace that does not exist is answered, however little of that is read; so
 * whoever goes on knocking is ended like one who sends what is no packet.
 */
export class BoundedDecoder extends Decoder {
  private besides = 0;

  override add(packet: unknown): void {
    if (typeof packet === 'string' && !messageTypes.includes(packet.charAt(0))) {
      this.besides += 1;
      if (this.besides > mostBesides) throw new Error('too many packets that are no messages');
    }
    super.add(packet);
  }
}
