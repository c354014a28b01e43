/** How much of a container's output Docker keeps: three files of 10 MB. */
export const LOG_DRIVER = "json-file";
export const LOG_OPTIONS = { "max-file": "3", "max-size": "10m" };
