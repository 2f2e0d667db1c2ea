// The features beside the shell: each module registers what it adds when it is loaded. One line each.
import './bookmarks';
import './compare';
import './edge_overlays';
import './execute';
import './export_page';
import './frame';
import './graph_looks';
import './identical';
import './images';
import './node_data';
import './op_colours';
import './overrides';
import './paths';
import './repeats';
import './styler';
import './tensor';
import './trace';
