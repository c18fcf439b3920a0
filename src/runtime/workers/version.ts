/** The package's version; package.json cannot be read here. */
export const VERSION = "0.1.0";
