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

/**
 * The members of one room on one transport, and the frames of the present turn of the event loop. All frames of a turn
 * reach a member in one write: the kernel's price of a write, not our work, is what a delivery costs.
 *
 * Invariant: whoever sends something else to a member calls `catchUp` first, so that nothing overtakes.
 */
export class RoomLane<M extends LaneMember> {
  private readonly members: M[] = [];
  /** Where in `members` somebody is, and so in the next two lists. Not looked at for each delivery. */
  private readonly places = new Map<M, number>();
  /** How many frames, `seen`, of the tick numbered `ticks` a member has had, or must not have. */
  private readonly ticks: number[] = [];
  private readonly seen: number[] = [];
  private frames: Frame[] = [];
  private tick = 0;

  get size(): number {
    return this.members.length;
  }

  /** Frames pushed before are not for this member, those pushed later are. */
  enter(member: M): void {
    if (this.places.has(member)) return;
    this.places.set(member, this.members.length);
    this.members.push(member);
    this.ticks.push(this.tick);
    this.seen.push(this.frames.length);
  }

  /** Frames of this turn that the member has not had are not sent to it any more. */
  leave(member: M): void {
    const place = this.places.get(member);
    if (place === undefined) return;
    this.places.delete(member);
    const last = this.members.pop();
    const tick = this.ticks.pop() ?? 0;
    const seen = this.seen.pop() ?? 0;
    if (last === undefined || last === member) return;
    // The last one takes the free place, so that the lists stay dense.
    this.members[place] = last;
    this.ticks[place] = tick;
    this.seen[place] = seen;
    this.places.set(last, place);
  }

  push(frame: Frame): void {
    this.frames.push(frame);
    if (this.frames.length === 1) setImmediate(() => this.flush());
  }

  /** Sends the member its part of this turn now. */
  catchUp(member: M): void {
    const place = this.places.get(member);
    if (place === undefined || this.frames.length === 0) return;
    const seen = this.seenBy(place, this.tick);
    if (seen === this.frames.length) return;
    this.note(place, this.tick, this.frames.length);
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
    for (let place = this.members.length - 1; place >= 0; place -= 1) {
      const member = this.members[place];
      // Entered while others were written to, and took the place of one who left.
      if (member === undefined || (this.ticks[place] ?? 0) > tick) continue;
      const seen = this.seenBy(place, tick);
      // Noted before the write: whoever leaves in it may bring one who was served into a place still to come.
      this.note(place, tick, frames.length);
      if (seen === 0) member.write(joined, frames);
      else if (seen < frames.length) member.write(joinBytes(frames.slice(seen)), frames.slice(seen));
    }
  }

  private seenBy(place: number, tick: number): number {
    return this.ticks[place] === tick ? (this.seen[place] ?? 0) : 0;
  }

  private note(place: number, tick: number, seen: number): void {
    this.ticks[place] = tick;
    this.seen[place] = seen;
  }
}

export function joinBytes(frames: readonly Frame[]): Buffer {
  const [first] = frames;
  return first !== undefined && frames.length === 1 ? first.bytes : Buffer.concat(frames.map(({ bytes }) => bytes));
}
