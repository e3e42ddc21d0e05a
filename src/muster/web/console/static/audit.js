// A long verification takes several requests. Without this script, a button makes each of them.
document.querySelector("form[data-continue]")?.requestSubmit();
