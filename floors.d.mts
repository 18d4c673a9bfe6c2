export declare const floors: string[][];
export declare const apart: string[];
export declare const onlyIn: Record<string, string[]>;
