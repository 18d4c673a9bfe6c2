/** One event in the form that a kind of client gets it: ready bytes for the wire, and the text inside them. */
export interface Frame {
  bytes: Buffer;
  text: string;
}

/** Somebody in a room, as the room writes to them. */
export interface LaneMember {
  /**
   * `joined` is the bytes of all `frames` in one buffer, shared with other members: never to be changed. A member that
   * cannot take ready bytes now sends the texts instead. Must not throw.
   */
  write(joined: Buffer, frames: readonly Frame[]): void;
}

interface Place {
  index: number;
  /** How many frames of the tick numbered `tick` this member has had, or must not have. */
  tick: number;
  seen: number;
}

/**
 * The members of one room on one transport, and the frames of the present turn of the event loop. All frames of a turn
 * reach a member in one write: the kernel's price of a write, not our work, is what a delivery costs.
 *
 * Invariant: whoever sends something else to a member calls `catchUp` first, so that nothing overtakes.
 */
export class RoomLane<M extends LaneMember> {
  private readonly members: M[] = [];
  private readonly places = new Map<M, Place>();
  private frames: Frame[] = [];
  private tick = 0;

  get size(): number {
    return this.members.length;
  }

  /** Frames pushed before are not for this member, those pushed later are. */
  enter(member: M): void {
    if (this.places.has(member)) return;
    this.places.set(member, { index: this.members.length, tick: this.tick, seen: this.frames.length });
    this.members.push(member);
  }

  /** Frames of this turn that the member has not had are not sent to it any more. */
  leave(member: M): void {
    const place = this.places.get(member);
    if (!place) return;
    this.places.delete(member);
    const last = this.members.pop();
    if (last === undefined || last === member) return;
    // The last one takes the free place, so that the list stays dense.
    this.members[place.index] = last;
    const moved = this.places.get(last);
    if (moved) moved.index = place.index;
  }

  push(frame: Frame): void {
    this.frames.push(frame);
    if (this.frames.length === 1) setImmediate(() => this.flush());
  }

  /** Sends the member its part of this turn now. */
  catchUp(member: M): void {
    const place = this.places.get(member);
    if (!place || this.frames.length === 0) return;
    const seen = place.tick === this.tick ? place.seen : 0;
    if (seen === this.frames.length) return;
    place.tick = this.tick;
    place.seen = this.frames.length;
    const frames = this.frames.slice(seen);
    member.write(joinBytes(frames), frames);
  }

  everybody(): readonly M[] {
    return this.members;
  }

  private flush(): void {
    const { frames, tick } = this;
    this.frames = [];
    this.tick += 1;
    const joined = joinBytes(frames);
    // From the end: a member that leaves while it is written to gives its place to one that was served already.
    for (let index = this.members.length - 1; index >= 0; index -= 1) {
      const member = this.members[index];
      const place = member && this.places.get(member);
      // Entered while others were written to, and took the place of one who left.
      if (!place || place.tick > tick) continue;
      const seen = place.tick === tick ? place.seen : 0;
      // Noted before the write: whoever leaves in it may bring one who was served into a place still to come.
      place.tick = tick;
      place.seen = frames.length;
      if (seen === 0) member.write(joined, frames);
      else if (seen < frames.length) member.write(joinBytes(frames.slice(seen)), frames.slice(seen));
    }
  }
}

export function joinBytes(frames: readonly Frame[]): Buffer {
  const [first] = frames;
  return first !== undefined && frames.length === 1 ? first.bytes : Buffer.concat(frames.map(({ bytes }) => bytes));
}
