/** The version of what makes an image of a source tree: raise it when the same tree would give another image. */
export const BUILDER = "1";
