/** A refusal as Discord words it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly errors?: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  get body(): unknown {
    return { message: this.message, code: this.code, ...(this.errors === undefined ? {} : { errors: this.errors }) };
  }
}

export const unknownChannel = (): ApiError => new ApiError(404, 10003, 'Unknown Channel');
export const unknownGuild = (): ApiError => new ApiError(404, 10004, 'Unknown Guild');
export const unknownMember = (): ApiError => new ApiError(404, 10007, 'Unknown Member');
export const unknownMessage = (): ApiError => new ApiError(404, 10008, 'Unknown Message');
export const unknownUser = (): ApiError => new ApiError(404, 10013, 'Unknown User');
export const missingAccess = (): ApiError => new ApiError(403, 50001, 'Missing Access');
export const missingPermissions = (): ApiError => new ApiError(403, 50013, 'Missing Permissions');

export interface FormFault {
  /** Such as `embeds.0.title`. */
  path: string;
  code: string;
  message: string;
}

/** 50035: each fault stands in the tree of `errors` where its field is. */
export function invalidForm(faults: readonly FormFault[]): ApiError {
  const tree: Record<string, unknown> = {};
  for (const { path, code, message } of faults) {
    let node = tree;
    for (const key of path.split('.')) node = (node[key] ??= {}) as Record<string, unknown>;
    const list = (node._errors ??= []) as unknown[];
    list.push({ code, message });
  }
  return new ApiError(400, 50035, 'Invalid Form Body', tree);
}
