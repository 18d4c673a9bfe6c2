import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { type AsyncApiDocument } from '../../src/rest/asyncapi.js';

/** Judges frames by the schemas that an AsyncAPI document holds. */
export class AsyncApiSchemas {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });

  constructor(private readonly document: AsyncApiDocument) {
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, 'document');
  }

  /** The messages of a channel, as keys of `components.messages`. */
  messagesOf(channel: string): string[] {
    return Object.keys(this.document.channels[channel]?.messages ?? {});
  }

  /** What is wrong with `frame` as the message `key`; empty when nothing is. */
  faults(key: string, frame: unknown): string[] {
    if (!this.document.components.messages[key]?.payload) return [`${key} has no payload in the document`];
    const validate = this.ajv.getSchema(`document#/components/messages/${key}/payload`);
    if (!validate) return [`${key} is not in the document`];
    void validate(frame);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${key}${instancePath} ${message}`);
  }
}
