export declare const floors: string[][];
export declare const apart: string[];
export declare const forBrowsers: string[];
export declare const browserLibraries: string[];
export declare const onlyIn: Record<string, string[]>;
