/** The label by which a platform's things are found. */
export const PLATFORM_LABEL = "dynoform.platform";
