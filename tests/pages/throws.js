// A script that another origin serves and that fails.
setTimeout(() => {
  throw new Error("a secret of another origin");
});
