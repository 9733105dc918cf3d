/** The question bank: formulas are set, menus close by themselves. */
import "./card-menus.js";
import { setFormulas } from "./math.js";

void setFormulas(document.body);
