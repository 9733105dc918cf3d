/** The question bank: formulas are set. */
import { setFormulas } from "./math.js";

void setFormulas(document.body);
